"""Throughput of the webhook view against a bare view of the same server that does one INSERT of the same bytes.

    python -m benchmarks.webhook_view [--requests 20000]

One granian process with two threads serves both, in production mode, with all of the product's middleware. Clients
keep their connections and send requests that were made beforehand. Both views take turns, a thousand requests each,
so that neither has the better moment. No worker runs: what is stored waits. Wanted: at least 70 %.
"""

import argparse
import json
import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import psycopg

from benchmarks.live import Client, live_product, signed_request, start_web
from benchmarks.stripe_event import subscription_event

CLIENTS = 4
TURN = 1_000
USERS = 50_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=20_000, help="to each view")
    options = parser.parse_args()
    with live_product() as (supervisor, url, _):
        from benchmarks.events_workload import make_connection

        connection = make_connection(0)
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
            server.execute("CREATE TABLE bare (id bigserial PRIMARY KEY, data jsonb)")
        start_web(supervisor, url, application="benchmarks.bare_wsgi:application", workers=1, threads=2)
        supervisor.wait_until_served("web", f"{url}/healthz", seconds=60)
        compare(url, f"/webhooks/stripe/{connection.id}/", connection.webhook_secret.reveal(), options.requests)
        with psycopg.connect(os.environ["DATABASE_URL"]) as server:
            both = "SELECT (SELECT count(*) FROM stripe_sync_stripeevent), (SELECT count(*) FROM bare)"
            assert server.execute(both).fetchone() == (options.requests, options.requests)


def compare(url: str, path: str, secret: str, count: int) -> None:
    clients = [Client(url) for _ in range(CLIENTS)]
    spent = {path: 0.0, "/bare/": 0.0}
    with ThreadPoolExecutor(CLIENTS) as pool:
        for first in range(0, count, TURN):
            events = [subscription_event(number, USERS) for number in range(first, first + TURN)]
            for view in (path, "/bare/"):
                requests = [signed_request(view, event, secret) for event in events]
                started = time.perf_counter()
                list(pool.map(send_all, clients, (requests[n::CLIENTS] for n in range(CLIENTS))))
                spent[view] += time.perf_counter() - started
    ours, bare = count / spent[path], count / spent["/bare/"]
    print(f"webhook view {ours:,.0f}/s, bare view {bare:,.0f}/s: {ours / bare:.0%}   (wanted: 70 %)")


def send_all(client: Client, requests: Iterable[bytes]) -> None:
    for request in requests:
        body = client.send(request)
        assert not body or json.loads(body)["outcome"] == "stored", body


if __name__ == "__main__":
    main()
