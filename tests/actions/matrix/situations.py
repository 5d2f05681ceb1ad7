"""Where a click meets a user: a subscription in each status, halfway through its period, with all that must survive.

https://docs.stripe.com/api/subscriptions/object#subscription_object-status

Each situation is built once in each test process, through Stripe's API and on a test clock, and every case gets a
copy of its account. The user pays two of Basic ($10) and one Add-on ($3) a month with a loyalty discount of 10 %:
whatever an action forgets to keep shows in the bill. It is 17 April, and the period ends on 2 May: 15 of 30 days are
left, so that prorations are halves.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.actions.matrix.catalogue import Names
from tests.sandbox_process import StripeAccount

NOW = datetime(2027, 4, 17, tzinfo=UTC)
CARDS = {
    "good": "pm_card_visa",
    "declined": "pm_card_chargeCustomerFail",
    "3ds": "pm_card_authenticationRequired",
    "none": None,
}
SUBSCRIPTION = "subscription"


@dataclass(frozen=True)
class Situation:
    """An account to copy: what is in it, and what its ids are called."""

    account: StripeAccount
    names: Names
    objects: list[dict[str, Any]] = field(repr=False)


@dataclass
class Scene:
    """A situation while it is being built. ``names`` gives ids by name."""

    account: StripeAccount
    names: Names
    stripe: Any = field(init=False)

    def __post_init__(self) -> None:
        self.stripe = self.account.client.v1

    def meet(self, *, on: datetime, card: str | None = CARDS["good"]) -> None:
        """A customer on a test clock that stands at that day."""
        moment = {"frozen_time": int(on.timestamp())}
        self.names["clock"] = self.stripe.test_helpers.test_clocks.create(moment).id
        paying = {"payment_method": card, "invoice_settings": {"default_payment_method": card}} if card else {}
        self.names["customer"] = self.stripe.customers.create({"test_clock": self.names["clock"], **paying}).id

    def subscribe(self, **terms: Any) -> None:
        """The customer's subscription to two of Basic and an add-on."""
        given = {
            "customer": self.names["customer"],
            "items": [{"price": self.names["basic"], "quantity": 2}, {"price": self.names["addon"]}],
            "discounts": [{"coupon": self.names["loyalty"]}],
            "metadata": {"kept": "by all"},
            **terms,
        }
        made = self.stripe.subscriptions.create(given)
        self.names[SUBSCRIPTION] = made.id
        self.names |= dict(zip(("item", "other item"), (item.id for item in made["items"].data), strict=False))
        self.names |= dict(zip(("discount", "other discount"), made.discounts, strict=False))

    def wait_until(self, *days: datetime) -> None:
        """Let the test clock run, at most two billing periods at a time."""
        for day in days:
            self.stripe.test_helpers.test_clocks.advance(
                self.names["clock"], {"frozen_time": int(day.timestamp())}
            )

    def pay_with(self, card: str | None) -> None:
        """Make that test card the customer's default; None takes the card away."""
        customer = self.names["customer"]
        if card is None:
            for method in self.stripe.payment_methods.list({"customer": customer}).data:
                self.stripe.payment_methods.detach(method.id)
            return
        method = self.stripe.payment_methods.attach(card, {"customer": customer}).id
        self.stripe.customers.update(customer, {"invoice_settings": {"default_payment_method": method}})

    def update(self, **changes: Any) -> None:
        self.stripe.subscriptions.update(self.names[SUBSCRIPTION], changes)


def day(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2027, month, day, hour, tzinfo=UTC)


def _active(scene: Scene, terms: Mapping[str, Any]) -> None:
    scene.meet(on=day(4, 2))
    scene.subscribe(**terms)
    scene.wait_until(NOW)


def _trialing(scene: Scene, terms: Mapping[str, Any]) -> None:
    _active(scene, {"trial_period_days": 30, **terms})


def _past_due(scene: Scene, terms: Mapping[str, Any]) -> None:
    scene.meet(on=day(3, 2))
    scene.subscribe(**terms)
    scene.pay_with(CARDS["declined"])
    scene.wait_until(NOW)


def _unpaid(scene: Scene, terms: Mapping[str, Any]) -> None:
    scene.account.sandbox.admin("POST", "settings", account=scene.account.id, after_dunning="unpaid")
    scene.meet(on=day(2, 2))
    scene.subscribe(**terms)
    scene.pay_with(CARDS["declined"])
    scene.wait_until(day(3, 20), NOW)


def _paused(scene: Scene, terms: Mapping[str, Any]) -> None:
    scene.meet(on=day(4, 2))
    scene.subscribe(**terms)
    scene.wait_until(day(4, 12))
    scene.stripe.subscriptions.pause(scene.names[SUBSCRIPTION])
    scene.wait_until(NOW)


def _incomplete(scene: Scene, terms: Mapping[str, Any]) -> None:
    scene.meet(on=day(4, 16, 12), card=CARDS["declined"])
    scene.subscribe(payment_behavior="allow_incomplete", **terms)
    scene.wait_until(NOW)


def _incomplete_expired(scene: Scene, terms: Mapping[str, Any]) -> None:
    scene.meet(on=day(4, 2), card=CARDS["declined"])
    scene.subscribe(payment_behavior="allow_incomplete", **terms)
    scene.wait_until(NOW)


def _canceled(scene: Scene, terms: Mapping[str, Any]) -> None:
    scene.meet(on=day(4, 2))
    scene.subscribe(**terms)
    scene.wait_until(day(4, 12))
    scene.stripe.subscriptions.cancel(scene.names[SUBSCRIPTION])
    scene.wait_until(NOW)


def _none(scene: Scene, terms: Mapping[str, Any]) -> None:
    scene.meet(on=NOW)


IN_STATUS: Mapping[str, Callable[[Scene, Mapping[str, Any]], None]] = {
    "active": _active,
    "trialing": _trialing,
    "past_due": _past_due,
    "unpaid": _unpaid,
    "paused": _paused,
    "incomplete": _incomplete,
    "incomplete_expired": _incomplete_expired,
    "canceled": _canceled,
    "none": _none,
}
STATUSES = tuple(IN_STATUS)
