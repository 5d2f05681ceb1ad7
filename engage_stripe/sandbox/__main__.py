"""`python -m engage_stripe.sandbox`: a local Stripe on http://127.0.0.1:12111."""

from __future__ import annotations

import argparse
import asyncio
import gc
import socket
from pathlib import Path

import uvicorn

from engage_stripe.sandbox.app import Sandbox
from engage_stripe.sandbox.demo import DEMO_KEYS, LIVE_PLATFORM_CLIENT_ID, PLATFORM_CLIENT_ID
from engage_stripe.sandbox.faults import Fault
from engage_stripe.sandbox.rules import rule_parser
from engage_stripe.sandbox.webhooks.disturbances import Disturbance
from engage_stripe.sandbox.webhooks.lanes import RETRY_DELAYS

# The connector's own callback when it runs on its default address.
REDIRECT_URI = "http://127.0.0.1:8000/settings/actions/stripe/connect/callback/"


def main() -> None:
    """Parse the command line and serve until interrupted."""
    options = _parser().parse_args()
    # The world is JSON and has no cycles. Looking for some in all of it would stop every request for half a second.
    gc.set_threshold(700, 10, 1_000_000)
    with socket.create_server((options.host, options.port)) as listener:
        # asyncio does this only for sockets made with an explicit protocol; without it answers wait 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        host, port = listener.getsockname()[:2]
        _announce(f"http://{host}:{port}")
        app = _sandbox(options).app()
        config = uvicorn.Config(
            app,
            log_level="warning",
            date_header=False,
            server_header=False,
            timeout_keep_alive=60,  # s; as load balancers have it, uvicorn's own five are for browsers
        )
        asyncio.run(uvicorn.Server(config).serve([listener]))


def _sandbox(options: argparse.Namespace) -> Sandbox:
    sandbox = Sandbox(
        seed=options.seed,
        redirect_uris=options.redirect_uri or [REDIRECT_URI],
        retry_delays=options.webhook_retries,
        snapshot=options.snapshot,
    )
    sandbox.faults.rules += options.fault
    sandbox.faults.rate_limit = options.rate_limit
    sandbox.dispatcher.disturbances += options.disturb
    if options.clock_offset:
        sandbox.world.clock.offset = options.clock_offset
    return sandbox


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engage_stripe.sandbox",
        description="A stateful local Stripe. Point the SDK at it with "
        'base_addresses={"api": URL, "connect": URL} and one of the keys that are printed at the start; any other '
        "sk_test_… opens an empty account of its own. Open URL in a browser for the control page.",
        epilog="docs/sandbox.md has the admin API under URL/_sandbox/ (faults, webhooks, time, keys) and tells what "
        "the sandbox does and does not imitate.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=12111, help="port, 0 for a free one (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of ids and faults (%(default)s)")
    parser.add_argument(
        "--snapshot",
        type=Path,
        metavar="FILE",
        help="start from this file when it exists, and write it when stopped",
    )
    _add_trouble(parser)
    return parser


def _add_trouble(parser: argparse.ArgumentParser) -> None:
    """Add what makes the sandbox as unreliable as a network is."""
    parser.add_argument(
        "--redirect-uri",
        action="append",
        metavar="URI",
        help=f"registered for the Connect platform; may be repeated ({REDIRECT_URI})",
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        type=rule_parser(Fault),
        metavar="KIND[,NAME=VALUE…]",
        help="a fault, such as drop_after,path=/v1/subscriptions/*,count=2 or "
        "server_error,status=503,count=all,probability=0.1; see docs/sandbox.md",
    )
    parser.add_argument(
        "--disturb",
        action="append",
        default=[],
        type=rule_parser(Disturbance),
        metavar="KIND[,NAME=VALUE…]",
        help="what happens to webhooks, such as duplicate,count=all or reorder,count=5",
    )
    parser.add_argument("--rate-limit", type=int, metavar="N", help="requests a second and account")
    parser.add_argument(
        "--clock-offset", type=int, default=0, metavar="S", help="seconds that the clock is wrong by"
    )
    parser.add_argument(
        "--webhook-retries",
        type=_seconds,
        default=RETRY_DELAYS,
        metavar="S,S,…",
        help="seconds before each retry of a webhook",
    )


def _seconds(text: str) -> tuple[float, ...]:
    return tuple(float(each) for each in text.split(","))


def _announce(url: str) -> None:
    print(f"Sandbox Stripe on {url}", flush=True)
    for key in DEMO_KEYS:
        print(f"  {key.value:28} {key.purpose}")
    print(f"  {PLATFORM_CLIENT_ID}  Connect platform, client id, test")
    print(f"  {LIVE_PLATFORM_CLIENT_ID}  Connect platform, client id, live", flush=True)


if __name__ == "__main__":
    main()
