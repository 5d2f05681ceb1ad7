"""What the connector adds to Stripe's own time in a one-action click.

    python -m benchmarks.clicks [--clicks 1000] [--rate 50] [--warm-up 1000] [--stripe-takes 0.3]

Four processes of their own: the web process as ``make serve`` starts it, in production mode; PostgreSQL and
Redis; the sandbox Stripe; and a load generator that sends clicks over kept-alive HTTP at a fixed rate, whether the
earlier ones are answered or not, each of another user. Between blocks of clicks come blocks of what a click costs
without us: a bare ``http.client`` of the load generator sends Stripe the same two requests, at the same rate and over
kept-alive HTTP as well, for customers that are used for nothing else. All customers are mirrored.

A turn's time runs from the moment it was due until its answer is read. What the connector adds is the p50 of the
clicks less that of the bare pairs, and the same for the p99. The last pair of figures is stricter: from each click is
taken only what the sandbox spent inside its own handler, by its log, and so sockets, parsing and queues of Stripe's
HTTP server count as ours.

The warm-up is so long because each thread of the web processes has its own connection to PostgreSQL, which plans a
statement anew the first five times. Of the 48 threads that there may be, this load needs some ten.

What the processes' work costs is in the last line: on a machine of two cores they wait for each other, and such
waiting counts wherever it happens. It works in a scratch database of the server that DATABASE_URL names, and drops it.
"""

import argparse

from benchmarks.live import live_product, start_web
from benchmarks.scratch import sandbox_stripe


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=50, help="clicks a second")
    parser.add_argument("--warm-up", type=int, default=1000, help="clicks before those that count")
    parser.add_argument("--stripe-takes", type=float, default=0, help="seconds longer, for each request")
    options = parser.parse_args()
    settings = {
        "STRIPE_TEST_REQUESTS_PER_SECOND": "10000",  # the budget is not what is measured
        "ALLOWED_HOSTS": "127.0.0.1,testserver",
    }
    with (
        sandbox_stripe() as (stripe_url, sandbox),
        live_product(STRIPE_API_BASE=stripe_url, **settings) as (supervisor, url, _),
    ):
        from benchmarks import clicks_shop, clicks_workload

        turns = options.clicks + options.warm_up
        shop = clicks_shop.open_shop(stripe_url, users=turns + 10, others=turns)
        start_web(supervisor, url)
        supervisor.wait_until_served("web", f"{url}/healthz", seconds=60)
        pids = {"web": supervisor.pid("web"), "sandbox": sandbox}
        clicks_workload.measure(shop, int(url.rpartition(":")[2]), options, pids)


if __name__ == "__main__":
    main()
