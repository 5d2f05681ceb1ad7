"""Customer portal sessions: https://docs.stripe.com/api/customer_portal/sessions.

The session's URL is shaped like Stripe's; the hosted page itself is not imitated.
"""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape
from engage_stripe.sandbox.state import Account

# The flow types that name a subscription in a hash of their own name.
SUBSCRIPTION_FLOWS = (
    "subscription_cancel",
    "subscription_pause",
    "subscription_update",
    "subscription_update_confirm",
)


def create(call: Call) -> Obj:
    """`POST /v1/billing_portal/sessions`."""
    account, params = call.account, call.params
    if params.get("customer") is None:
        raise invalid("Missing required param: customer.", param="customer", code="parameter_missing")
    customer = account.find("customer", params["customer"], param="customer", status=400)
    mode = "live" if account.livemode else "test"
    return {
        "id": account.ids.new("bps"),
        "object": "billing_portal.session",
        "configuration": f"bpc_{account.id.removeprefix('acct_')}",
        "created": account.now(customer["id"]),
        "customer": customer["id"],
        "customer_account": None,
        "flow": _flow(account, params),
        "livemode": account.livemode,
        "locale": params.get("locale"),
        "on_behalf_of": None,
        "return_url": params.get("return_url"),
        "url": f"https://billing.stripe.com/p/session/{mode}_{account.ids.text(48)}",
    }


def _flow(account: Account, params: dict[str, Any]) -> Obj | None:
    given = params.get("flow_data")
    if given is None:
        return None
    type = given["type"]
    flow: Obj = dict.fromkeys(SUBSCRIPTION_FLOWS)
    if type in SUBSCRIPTION_FLOWS:
        wanted = given.get(type)
        if wanted is None:
            raise invalid(
                f"Missing required param: flow_data[{type}].",
                param=f"flow_data[{type}]",
                code="parameter_missing",
            )
        param = f"flow_data[{type}][subscription]"
        account.find("subscription", wanted["subscription"], param=param, status=400)
        flow[type] = wanted
    return {"type": type, "after_completion": _after(given), **flow}


def _after(given: dict[str, Any]) -> Obj:
    wanted = given.get("after_completion") or {"type": "portal_homepage"}
    return {"hosted_confirmation": None, "redirect": None, **wanted}


ROUTES = (
    Route(
        "POST",
        "/v1/billing_portal/sessions",
        create,
        "customer_portal_session_write",
        accepts="customer flow_data locale return_url",
    ),
)

SHAPES = {"billing_portal.session": Shape()}
