"""`python -m engage_stripe.sandbox`: a local Stripe on http://127.0.0.1:12111."""

from __future__ import annotations

import argparse
import asyncio
import socket

import uvicorn

from engage_stripe.sandbox.app import create_app, create_world
from engage_stripe.sandbox.demo import DEMO_KEYS, PLATFORM_CLIENT_ID


def main() -> None:
    """Parse the command line and serve until interrupted."""
    options = _parser().parse_args()
    with socket.create_server((options.host, options.port)) as listener:
        host, port = listener.getsockname()[:2]
        _announce(f"http://{host}:{port}")
        app = create_app(create_world(options.seed))
        config = uvicorn.Config(app, log_level="warning", date_header=False, server_header=False)
        asyncio.run(uvicorn.Server(config).serve([listener]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engage_stripe.sandbox",
        description="A stateful local Stripe. Point the SDK at it with "
        'base_addresses={"api": URL, "connect": URL}.',
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=int, default=12111, help="port, 0 for a free one (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of ids and faults (%(default)s)")
    return parser


def _announce(url: str) -> None:
    print(f"Sandbox Stripe on {url}", flush=True)
    for key in DEMO_KEYS:
        print(f"  {key.value:28} {key.purpose}")
    print(f"  {PLATFORM_CLIENT_ID}  Connect platform, client id", flush=True)


if __name__ == "__main__":
    main()
