"""The application: `/v1/…` is Stripe, `/_sandbox/…` the admin API."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Route

from engage_stripe.sandbox.admin import Admin
from engage_stripe.sandbox.demo import open_demo_accounts
from engage_stripe.sandbox.faults import Faults
from engage_stripe.sandbox.pipeline import Pipeline
from engage_stripe.sandbox.resources import ROUTES, SHAPES
from engage_stripe.sandbox.routing import Router
from engage_stripe.sandbox.state import World

METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]


def create_world(seed: int = 0) -> World:
    """A World with nothing but the well-known accounts and keys."""
    world = World(shapes=SHAPES, seed=seed)
    open_demo_accounts(world)
    return world


def create_app(world: World, faults: Faults | None = None) -> Starlette:
    """The ASGI application on that World."""
    pipeline = Pipeline(world, Router(ROUTES), faults or Faults())
    return Starlette(
        routes=[
            *Admin(world).routes(),
            Route("/{path:path}", pipeline.__call__, methods=METHODS),
        ]
    )
