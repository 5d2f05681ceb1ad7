"""One sandbox: `/v1/…` and `/oauth/…` are Stripe, `/_sandbox/…` the admin API, `/` the control page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from engage_stripe.sandbox.account_admin import AccountAdmin
from engage_stripe.sandbox.admin import Admin
from engage_stripe.sandbox.connect import Connect
from engage_stripe.sandbox.connect_admin import ConnectAdmin
from engage_stripe.sandbox.control.routes import Control
from engage_stripe.sandbox.demo import open_demo_accounts, open_demo_platforms
from engage_stripe.sandbox.fault_admin import FaultAdmin
from engage_stripe.sandbox.fault_line import FaultLine
from engage_stripe.sandbox.faults import Faults
from engage_stripe.sandbox.oauth import OAuth
from engage_stripe.sandbox.pipeline import Pipeline
from engage_stripe.sandbox.registry import ROUTES, SHAPES
from engage_stripe.sandbox.routing import Router
from engage_stripe.sandbox.snapshots import load, save
from engage_stripe.sandbox.state import World
from engage_stripe.sandbox.webhooks.admin import WebhookAdmin
from engage_stripe.sandbox.webhooks.delivery import Dispatcher
from engage_stripe.sandbox.webhooks.lanes import RETRY_DELAYS

METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]


class Sandbox:
    """A World with the well-known accounts, keys and platforms, and everything that acts on it.

    `redirect_uris` are registered for the well-known platforms; `retry_delays` are the seconds before
    each webhook retry. `snapshot` is read when it exists and written at the end.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        redirect_uris: Sequence[str] = (),
        retry_delays: Sequence[float] = RETRY_DELAYS,
        snapshot: Path | None = None,
    ) -> None:
        self.world = World(shapes=SHAPES, seed=seed)
        self.faults = Faults(self.world)
        self.dispatcher = Dispatcher(self.world, retry_delays=retry_delays)
        self.connect = Connect(self.world)
        open_demo_accounts(self.world)
        open_demo_platforms(self.world, redirect_uris)
        self.snapshot = snapshot
        if snapshot is not None and snapshot.exists():
            load(self.world, snapshot)

    def app(self) -> ASGIApp:
        """The ASGI application."""
        pipeline = Pipeline(self.world, Router(ROUTES), self.faults)
        routes = [
            *Admin(self.world).routes(),
            *AccountAdmin(self.world).routes(),
            *WebhookAdmin(self.world, self.dispatcher).routes(),
            *ConnectAdmin(self.connect).routes(),
            *FaultAdmin(self.faults).routes(),
            *OAuth(self.connect).routes(),
            *Control(self.world, self.dispatcher).routes(),
            Route("/{path:path}", pipeline.__call__, methods=METHODS),
        ]
        return FaultLine(Starlette(routes=routes, lifespan=self._lifespan), self.faults)

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self.world.listeners.append(self.dispatcher.on_event)
        yield
        await self.dispatcher.lanes.close()
        if self.snapshot is not None:
            save(self.world, self.snapshot)
