"""Clicks when asked for, of the tree that it runs in; see ``clicks_compare.py``. Seconds on standard output."""

import json
import os
import sys
import time
from typing import TYPE_CHECKING

from benchmarks.live import Client, live_product, start_web
from benchmarks.scratch import sandbox_stripe

if TYPE_CHECKING:
    from benchmarks.clicks_shop import Shop

WARM_UP = 700  # as each of the web process's threads plans a statement anew the first five times


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what others print
    settings = {"STRIPE_TEST_REQUESTS_PER_SECOND": "10000", "ALLOWED_HOSTS": "127.0.0.1,testserver"}
    with (
        sandbox_stripe() as (stripe_url, _),
        live_product(STRIPE_API_BASE=stripe_url, **settings) as (supervisor, url, _),
    ):
        from benchmarks import clicks_shop
        from benchmarks.clicks_workload import cpu

        shop = clicks_shop.open_shop(stripe_url, users=WARM_UP + int(sys.argv[1]), others=0)
        start_web(supervisor, url)
        supervisor.wait_until_served("web", f"{url}/healthz", seconds=60)
        pids = {"web": supervisor.pid("web")}
        client, users = Client(url), iter(shop.users)
        for _ in range(WARM_UP):
            client.send(_request(shop, next(users)))
        before = cpu(pids)["web"]
        print("ready", file=answers)
        for asked in sys.stdin:
            if asked == "cpu\n":
                print(cpu(pids)["web"] - before, file=answers)
                continue
            request = _request(shop, next(users))
            started = time.perf_counter()
            client.send(request)
            print(time.perf_counter() - started, file=answers)


def _request(shop: "Shop", user: str) -> bytes:
    body = json.dumps({"user_id": user})
    headers = "".join(f"{name}: {value}\r\n" for name, value in shop.headers.items())
    head = f"POST {shop.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


if __name__ == "__main__":
    main()
