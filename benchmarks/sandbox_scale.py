"""How fast the sandbox fills an account and lists it: `python -m benchmarks.sandbox_scale [SUBSCRIPTIONS]`.

Wanted: 100,000 subscriptions generated in under 60 s and listed at 2,000 objects a second or more.
"""

from __future__ import annotations

import sys
from time import perf_counter

import httpx

from benchmarks.scratch import sandbox_stripe

LISTS = (
    "customers?limit=100",
    "subscriptions?limit=100&status=all",
    "subscriptions?limit=100&status=all&expand[]=data.customer&expand[]=data.default_payment_method",
)
LISTED = 20_000


def main() -> None:
    """Start a sandbox, fill one account, list it, print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with sandbox_stripe() as (url, _), httpx.Client(base_url=url, timeout=600) as client:
        account = client.post("/_sandbox/accounts").json()
        client.auth = (account["secret_key"], "")
        seconds = generate(client, account["account"], count)
        print(f"generated {count:,} subscriptions in {seconds:.1f} s")
        for path in LISTS:
            print(f"listed {rate(client, path):,.0f} objects/s: /v1/{path}")


def generate(client: httpx.Client, account: str, count: int) -> float:
    """Seconds to fill the account."""
    start = perf_counter()
    client.post("/_sandbox/generate", json={"account": account, "subscriptions": count}).raise_for_status()
    return perf_counter() - start


def rate(client: httpx.Client, path: str) -> float:
    """Objects a second over the first pages of a list."""
    start, listed, cursor = perf_counter(), 0, ""
    while listed < LISTED:
        page = client.get(f"/v1/{path}{cursor}").raise_for_status().json()
        listed += len(page["data"])
        if not page["has_more"]:
            break
        cursor = f"&starting_after={page['data'][-1]['id']}"
    return listed / (perf_counter() - start)


if __name__ == "__main__":
    main()
