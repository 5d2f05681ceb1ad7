"""The admin API under `/_sandbox/`: JSON, no authentication, for tests and demos only."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from engage_stripe.sandbox.billing.collecting import confirm
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.keys import create_key
from engage_stripe.sandbox.population import populate
from engage_stripe.sandbox.shapes import render
from engage_stripe.sandbox.snapshots import save
from engage_stripe.sandbox.state import Account, World
from engage_stripe.sandbox.time_travel import advance_world


class Admin:
    """Endpoints on one World."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[Route]:
        """For the application's routing table."""
        return [
            Route("/_sandbox/accounts", self.create_account, methods=["POST"]),
            Route("/_sandbox/settings", self.change_settings, methods=["POST"]),
            Route("/_sandbox/keys", self.create_key, methods=["POST"]),
            Route("/_sandbox/keys/{key}", self.change_permissions, methods=["POST"]),
            Route("/_sandbox/keys/{key}/{state}", self.end_key, methods=["POST"]),
            Route("/_sandbox/generate", self.generate, methods=["POST"]),
            Route("/_sandbox/snapshot", self.snapshot, methods=["POST"]),
            Route("/_sandbox/objects/{account}/{type}/{id}", self.edit_object, methods=["POST"]),
            Route("/_sandbox/invoices/{account}/{invoice}/confirm", self.confirm_invoice, methods=["POST"]),
            Route("/_sandbox/requests", self.list_requests, methods=["GET"]),
            Route("/_sandbox/clock", self.set_clock, methods=["POST"]),
        ]

    async def create_account(self, request: Request) -> JSONResponse:
        """`{"livemode"?}` → `{"account", "livemode", "secret_key"}`: a new empty account."""
        body = await _body(request)
        id = f"acct_1{self.world.ids.text(15)}"
        account = self._account(id, body)
        key = create_key(self.world, account, "secret")
        return JSONResponse({"account": id, "livemode": account.livemode, "secret_key": key.value})

    async def change_settings(self, request: Request) -> JSONResponse:
        """`{"account", "after_dunning": "cancel" | "unpaid" | "past_due", "livemode"?}`: as in the Dashboard."""
        body = await _body(request)
        account = self._account(body["account"], body)
        account.after_dunning = body["after_dunning"]
        return JSONResponse({"account": account.id, "after_dunning": account.after_dunning})

    async def create_key(self, request: Request) -> JSONResponse:
        """`{"account", "kind", "permissions"?: ["customer_write", …], "livemode"?}` → `{"key"}`."""
        body = await _body(request)
        account = self._account(body["account"], body)
        names = frozenset(name.removeprefix("rak_") for name in body.get("permissions", ()))
        key = create_key(self.world, account, body["kind"], permissions=names)
        return JSONResponse({"key": key.value})

    async def change_permissions(self, request: Request) -> JSONResponse:
        """`POST /_sandbox/keys/{key}` `{"permissions"}`: what the Dashboard does when somebody edits a key."""
        key = self.world.keys.get(request.path_params["key"])
        if key is None:
            return JSONResponse({"error": "No such key"}, 404)
        names = (await _body(request))["permissions"]
        key.permissions = frozenset(name.removeprefix("rak_") for name in names)
        return JSONResponse({"key": key.value, "permissions": sorted(key.permissions)})

    async def end_key(self, request: Request) -> JSONResponse:
        """`POST /_sandbox/keys/{key}/revoke` or `/expire`: 401 from now on."""
        state = {"revoke": "revoked", "expire": "expired"}.get(request.path_params["state"])
        key = self.world.keys.get(request.path_params["key"])
        if key is None or state is None:
            return JSONResponse({"error": "No such key or state"}, 404)
        key.state = "revoked" if state == "revoked" else "expired"
        return JSONResponse({"key": key.value, "state": key.state})

    async def confirm_invoice(self, request: Request) -> JSONResponse:
        """`{"succeeded"?: true, "livemode"?}`: the customer finishes 3-D Secure, or the hosted invoice page."""
        body = await _body(request)
        account = self._account(request.path_params["account"], body)
        invoice = account.get("invoice", request.path_params["invoice"])
        if invoice is None or invoice["status"] != "open":
            return JSONResponse({"error": "No such open invoice"}, 404)
        confirm(account, invoice, account.now(invoice["customer"]), succeeded=body.get("succeeded", True))
        return JSONResponse({"invoice": invoice["id"], "status": invoice["status"]})

    async def list_requests(self, request: Request) -> JSONResponse:
        """The request log, oldest first; `?account=`, `?method=` and `?path=` narrow it."""
        wanted = dict(request.query_params)
        found = [
            entry for entry in self.world.requests if all(entry[name] == value for name, value in wanted.items())
        ]
        return JSONResponse({"data": found})

    async def generate(self, request: Request) -> JSONResponse:
        """`{"account", "subscriptions": N, "livemode"?}` → `{"statuses": {status: how many}}`."""
        body = await _body(request)
        account = self._account(body["account"], body)
        return JSONResponse({"statuses": populate(account, int(body["subscriptions"]))})

    async def snapshot(self, request: Request) -> JSONResponse:
        """`{"file"}`: write everything to a file that `--snapshot` reads."""
        file = (await _body(request))["file"]
        save(self.world, Path(file))
        return JSONResponse({"file": file})

    async def edit_object(self, request: Request) -> JSONResponse:
        """`{"changes", "event"?, "livemode"?}`: change what Stripe's API cannot (a card's wallet, say).

        Hashes are merged. With `event` an event of that type tells about it.
        """
        body = await _body(request)
        where = request.path_params
        account = self._account(where["account"], body)
        obj = account.get(where["type"], where["id"])
        if obj is None:
            return JSONResponse({"error": "No such object"}, 404)
        with account.changing(obj, body["event"]) if "event" in body else nullcontext():
            _merge(obj, body["changes"])
        return JSONResponse(render(account, obj))

    async def set_clock(self, request: Request) -> JSONResponse:
        """`{"offset": seconds}` skews the clock, `{"frozen": epoch seconds or null}` stops it.

        `{"advance": seconds}` lets time pass instead, with the renewals and retries that fall due.
        """
        body = await _body(request)
        clock = self.world.clock
        clock.offset = int(body.get("offset", clock.offset))
        clock.frozen = body.get("frozen", clock.frozen)
        if "advance" in body:
            advance_world(self.world, int(body["advance"]))
        return JSONResponse({"now": clock.now(), "offset": clock.offset, "frozen": clock.frozen})

    def _account(self, id: str, body: dict[str, Any]) -> Account:
        return self.world.account(id, livemode=bool(body.get("livemode")))


def _merge(obj: Obj, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(obj.get(name), dict):
            _merge(obj[name], value)
        else:
            obj[name] = value


async def _body(request: Request) -> dict[str, Any]:
    return dict(await request.json()) if await request.body() else {}
