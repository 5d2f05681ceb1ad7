"""Events per second beside dj-stripe, on one PostgreSQL, in one run.

    make bench-peers

dj-stripe gets the same events, with its requests to Stripe answered from memory (see ``dj_stripe.py``), in an
environment of its own: it does not work with the SDK that the product uses. Of either the fastest round counts.
"""

import json
import os
import subprocess
from pathlib import Path

from benchmarks.events import worker
from benchmarks.scratch import product_database, scratch_database

HERE = Path(__file__).resolve().parent
USERS, PEERS_USERS = 50_000, 500
ROUNDS = 2
"""The first makes every row, the second finds it there."""


def main() -> None:
    peer = measure_dj_stripe()
    ours = measure_ours()
    print(f"this product  {ours:8,.0f} events/s of {USERS:,} users")
    print(f"dj-stripe     {peer:8,.0f} events/s of {PEERS_USERS:,} users")
    print(f"ratio         {ours / peer:8,.0f} x")


def measure_dj_stripe() -> float:
    """Events per second of its faster round."""
    with scratch_database(os.environ["DATABASE_URL"]) as url:
        done = subprocess.run(
            [HERE / ".venv" / "bin" / "python", "dj_stripe.py", str(PEERS_USERS), str(ROUNDS)],
            cwd=HERE,
            env={**os.environ, "DATABASE_URL": url},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    rounds: list[dict[str, float]] = [json.loads(line) for line in done.stdout.splitlines()]
    return max(one["events"] / one["seconds"] for one in rounds)


def measure_ours() -> float:
    """Events per second of our faster round."""
    with product_database():
        from benchmarks import events_workload as workload

        connection = workload.make_connection(USERS)
        rates = []
        with worker() as drain:
            for first in range(0, ROUNDS * USERS, USERS):
                workload.fill_inbox(connection, range(first, first + USERS), USERS)
                rates.append(USERS / drain()["seconds"])
                assert not workload.are_waiting()
        return max(rates)


if __name__ == "__main__":
    main()
