"""What else may be so when the click comes: each is a change of the situation's terms, or a step after it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tests.actions.matrix.catalogue import open_catalogue
from tests.actions.matrix.situations import CARDS, IN_STATUS, SUBSCRIPTION, Scene, Situation, day
from tests.sandbox_process import Sandbox, StripeAccount


@dataclass(frozen=True)
class Circumstance:
    """``terms`` of the subscription with plans and coupons by name; ``then`` happens once it is in its status."""

    terms: Callable[[Mapping[str, str]], dict[str, Any]] = field(default=lambda _: {})
    then: Callable[[Scene], None] = field(default=lambda _: None)


def _with_schedule(scene: Scene) -> None:
    scene.names["schedule"] = scene.stripe.subscription_schedules.create(
        {"from_subscription": scene.names[SUBSCRIPTION]}
    ).id


def _with_discount_on_customer(scene: Scene) -> None:
    where = {"account": scene.account.id, "customer": scene.names["customer"]}
    coupon = scene.names["loyalty"]
    made = scene.account.sandbox.admin("POST", "customer_discounts", coupon=coupon, **where)
    scene.names["customer's discount"] = made["discount"]


def _with_pending_switch(scene: Scene) -> None:
    scene.pay_with(CARDS["declined"])
    item = {"id": scene.names["item"], "price": scene.names["yearly"], "quantity": 2}
    scene.update(items=[item], payment_behavior="pending_if_incomplete")
    scene.pay_with(CARDS["good"])


def _metered(names: Mapping[str, str]) -> dict[str, Any]:
    return {"items": [{"price": names["usage"]}]}


def _mixed(names: Mapping[str, str]) -> dict[str, Any]:
    return {"items": [{"price": names["basic"], "quantity": 2}, {"price": names["support"]}]}


CIRCUMSTANCES: Mapping[str, Circumstance] = {
    "cancelling": Circumstance(then=lambda scene: scene.update(cancel_at_period_end=True)),
    "ends later": Circumstance(then=lambda scene: scene.update(cancel_at=int(day(6, 11).timestamp()))),
    "ends sooner": Circumstance(then=lambda scene: scene.update(cancel_at=int(day(4, 27).timestamp()))),
    "no discount": Circumstance(terms=lambda _: {"discounts": []}),
    "two discounts": Circumstance(
        terms=lambda names: {"discounts": [{"coupon": names["loyalty"]}, {"coupon": names["thanks"]}]}
    ),
    "discount on the customer": Circumstance(terms=lambda _: {"discounts": []}, then=_with_discount_on_customer),
    "both discounts": Circumstance(then=_with_discount_on_customer),
    "collection paused": Circumstance(then=lambda scene: scene.update(pause_collection={"behavior": "void"})),
    "sent invoices": Circumstance(terms=lambda _: {"collection_method": "send_invoice", "days_until_due": 30}),
    "classic billing": Circumstance(terms=lambda _: {"billing_mode": {"type": "classic"}}),
    "billed by usage": Circumstance(terms=_metered),
    "mixed intervals": Circumstance(terms=_mixed),
    "a schedule": Circumstance(then=_with_schedule),
    "a switch that waits for its payment": Circumstance(then=_with_pending_switch),
}


@cache
def situation(sandbox: Sandbox, status: str, card: str, circumstances: tuple[str, ...]) -> Situation:
    """The user with a subscription in that status, paying with that card, under those circumstances."""
    catalogue, names = open_catalogue(sandbox)
    scene = Scene(copy_of(catalogue, permissions=())[0], dict(names))
    found = [CIRCUMSTANCES[name] for name in circumstances]
    terms = {name: value for one in found for name, value in one.terms(names).items()}
    IN_STATUS[status](scene, terms)
    scene.pay_with(CARDS[card])
    for one in found:
        one.then(scene)
    return Situation(scene.account, scene.names, objects_of(scene.account))


def copy_of(original: StripeAccount, *, permissions: tuple[str, ...]) -> tuple[StripeAccount, str]:
    """The same objects in an account of its own, and a key for it with those permissions."""
    sandbox = original.sandbox
    made = sandbox.admin("POST", "copies", account=original.id, permissions=list(permissions))
    return StripeAccount(sandbox, made["account"], False, made["secret_key"]), made["restricted_key"]


def objects_of(account: StripeAccount) -> list[dict[str, Any]]:
    """Everything in the account."""
    return list(account.sandbox.admin("GET", "objects", account=account.id)["data"])
