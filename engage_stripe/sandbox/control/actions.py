"""The buttons of the control page. What a client could do is done as a request would do it."""

from typing import Any

from engage_stripe.sandbox.billing.periods import add_interval
from engage_stripe.sandbox.keys import Key
from engage_stripe.sandbox.params import validate
from engage_stripe.sandbox.registry import ROUTES
from engage_stripe.sandbox.routing import Call, Router
from engage_stripe.sandbox.state import Account, World
from engage_stripe.sandbox.time_travel import advance_world

_router = Router(ROUTES)

DECLINED = "pm_card_chargeCustomerFail"  # attaches, and declines every charge
PAYING = "pm_card_visa"


def call_api(account: Account, method: str, path: str, **params: Any) -> None:
    """Carry out a request on the account with its own secret key; values as a form has them."""
    route, ids = _router.match(method, path)
    world = account.world
    key = Key("sk_control", account.id, account.livemode, "secret")
    route.handler(
        Call(
            world=world,
            account=account,
            route=route,
            key=key,
            request_id=world.ids.new("req"),
            path=ids,
            params=validate(route, params),
        )
    )


def cancel(account: Account, subscription_id: str) -> None:
    """Cancel a subscription at once."""
    call_api(account, "DELETE", f"/v1/subscriptions/{subscription_id}")


def cancel_at_period_end(account: Account, subscription_id: str) -> None:
    """Let a subscription run until what is paid for is over."""
    path = f"/v1/subscriptions/{subscription_id}"
    call_api(account, "POST", path, cancel_at_period_end="true")


def use_card(account: Account, customer_id: str, ready_made: str) -> None:
    """Pay with a test card from now on, for the customer and each of its subscriptions.

    https://docs.stripe.com/testing#declined-payments
    """
    path = f"/v1/customers/{customer_id}"
    call_api(account, "POST", path, invoice_settings={"default_payment_method": ready_made})
    for sub in account.collection("subscription").of_customer(customer_id):
        if sub["default_payment_method"] and sub["ended_at"] is None:
            path = f"/v1/subscriptions/{sub['id']}"
            call_api(account, "POST", path, default_payment_method="")


def advance_month(world: World) -> None:
    """Let one month pass, for the sandbox and for every test clock in it."""
    for account in list(world.accounts.values()):
        for clock in account.collection("test_helpers.test_clock"):
            until = add_interval(clock["frozen_time"], "month", 1)
            path = f"/v1/test_helpers/test_clocks/{clock['id']}/advance"
            call_api(account, "POST", path, frozen_time=str(until))
    now = world.clock.now()
    advance_world(world, add_interval(now, "month", 1) - now)
