"""The admin API of whole accounts, under `/_sandbox/`: copies of one, and everything that is in one."""

from __future__ import annotations

import copy
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from engage_stripe.sandbox.billing.customer_discounts import redeem_for_customer
from engage_stripe.sandbox.keys import create_key
from engage_stripe.sandbox.state import Account, World


class AccountAdmin:
    """Endpoints on one World."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        """For the application's routing table."""
        return [
            Route("/_sandbox/copies", self.copy, methods=["POST"]),
            Route("/_sandbox/objects", self.list_objects, methods=["GET"]),
            Route("/_sandbox/customer_discounts", self.discount_customer, methods=["POST"]),
        ]

    async def copy(self, request: Request) -> JSONResponse:
        """`{"account", "permissions"?}` → `{"account", "secret_key", "restricted_key"}`: the same objects under the
        same ids in an account of its own, whose restricted key has those permissions. Events are not copied.
        """
        body = await request.json()
        original = self._world.account(body["account"])
        made = _copy(self._world, original, f"acct_1{self._world.ids.text(15)}")
        names = frozenset(name.removeprefix("rak_") for name in body.get("permissions", ()))
        return JSONResponse(
            {
                "account": made.id,
                "secret_key": create_key(self._world, made, "secret").value,
                "restricted_key": create_key(self._world, made, "restricted", permissions=names).value,
            }
        )

    async def list_objects(self, request: Request) -> JSONResponse:
        """`?account=` → `{"data": […]}`: all it has but events, as the sandbox keeps them (`_…` is its own)."""
        account = self._world.account(request.query_params["account"])
        kept = (objects for type, objects in account.objects.items() if type != "event")
        return JSONResponse({"data": [obj for objects in kept for obj in objects]})

    async def discount_customer(self, request: Request) -> JSONResponse:
        """`{"account", "customer", "coupon"}`: a discount on the customer, as API versions before basil made them."""
        body = await request.json()
        account = self._world.account(body["account"])
        discount: dict[str, Any] = redeem_for_customer(account, body["customer"], body["coupon"])
        return JSONResponse({"discount": discount["id"]})


def _copy(world: World, original: Account, id: str) -> Account:
    made = world.account(id)
    made.name, made.created, made.after_dunning = original.name, original.created, original.after_dunning
    made.deleted = copy.deepcopy(original.deleted)
    made.ids.restore(original.ids.state())
    for type, objects in original.objects.items():
        for obj in objects if type != "event" else ():
            made.add(copy.deepcopy(obj))
    return made
