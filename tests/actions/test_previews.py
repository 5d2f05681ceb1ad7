"""Previews: Stripe's own figures where the key may read them, else an estimate, and what a change means in words.

Each case runs on a test clock in the middle of a period and is then clicked for real: what was previewed is what
Stripe bills. The estimate has to come out the same, as there is neither tax nor balance in these cases.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from actions.definitions.shared import date_of
from actions.models import ActionLimit
from connector.crypto import Secret
from connector.models import Connection
from tests.actions.shop import REQUIRED, Shop, Subscriber
from tests.factories import make_app

HALF = 15  # days of the period that are gone


def preview(shop: Shop, user: Subscriber) -> Any:
    """The only action's, by the API."""
    answer = Client().post(
        f"/api/v1/prompts/{shop.prompt}/interactions/accept/preview/",
        json.dumps({"user_id": user.user_id}),
        content_type="application/json",
        headers=shop.tenant.api_headers,
    )
    assert answer.status_code == 200, answer.content
    (only,) = answer.json()
    return only


def both(shop: Shop, user: Subscriber, action: str, **parameters: Any) -> tuple[Any, Any]:
    """What Stripe says, and what we say under a key that may not ask."""
    shop.configure({"action": action, "parameters": parameters})
    exact = preview(shop, user)
    granted = dict(shop.connection.permissions)
    shop.connection.permissions = {name: state for name, state in granted.items() if "invoice" not in name}
    shop.connection.save()
    estimate = preview(shop, user)
    shop.connection.permissions = granted
    shop.connection.save()
    return exact, estimate


def in_period(shop: Shop, price: str, **fields: Any) -> Subscriber:
    """A user on a test clock, half a month into the period."""
    user = shop.subscriber(price, clock=shop.clock(), **fields)
    shop.advance(user, days=HALF)
    return user


def newest_invoice(shop: Shop, user: Subscriber) -> Any:
    return shop.stripe.invoices.list({"customer": user.customer, "limit": 1}).data[0]


def agree(exact: Any, estimate: Any) -> None:
    """A cent of rounding apart, and none of the labels mixed up."""
    ours, theirs = estimate["amounts"], exact["amounts"]
    assert (theirs["exact"], ours["exact"]) == (True, False)
    assert ours["currency"] == theirs["currency"]
    assert abs(ours["due_now"] - theirs["due_now"]) <= 1
    assert abs(ours["proration"] - theirs["proration"]) <= 1


CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("create_prorations", {}),
    ("always_invoice", {}),
    ("none", {}),
    ("always_invoice", {"quantity": 3}),
    ("create_prorations", {"billing_cycle_anchor": "now"}),
    ("none", {"billing_cycle_anchor": "now"}),
]


@pytest.mark.parametrize(("proration", "more"), CHANGES)
def test_it_previews_a_switch_of_plans(full_shop: Shop, proration: str, more: dict[str, Any]) -> None:
    shop = full_shop
    user = in_period(shop, shop.price("Basic", 1000))
    parameters = {"price": shop.price("Pro", 2000), "proration_behavior": proration, **more}
    before = newest_invoice(shop, user).id

    exact, estimate = both(shop, user, "update_subscription", **parameters)
    shop.click(user)

    agree(exact, estimate)
    assert exact["status"] == "ready"
    after = newest_invoice(shop, user)
    assert exact["amounts"]["due_now"] == (after.amount_due if after.id != before else 0)
    later = exact["amounts"]["next_invoice"]
    if later:
        assert estimate["amounts"]["next_invoice"]["at"] == later["at"]
        assert abs(estimate["amounts"]["next_invoice"]["amount"] - later["amount"]) <= 1
        shop.advance(user, days=17)
        assert newest_invoice(shop, user).amount_due == later["amount"]


def test_it_previews_a_switch_to_another_interval_as_billed_at_once(full_shop: Shop) -> None:
    shop = full_shop
    user = in_period(shop, shop.price("Basic", 1000))
    yearly = shop.price("Yearly", 20_000, recurring={"interval": "year"})

    exact, estimate = both(shop, user, "update_subscription", price=yearly)
    shop.click(user)

    agree(exact, estimate)
    assert exact["amounts"]["due_now"] == newest_invoice(shop, user).amount_due > 19_000


@pytest.mark.parametrize("permitted", [True, False], ids=["by Stripe's schedule", "by our scheduler"])
def test_it_previews_a_switch_at_period_end(full_shop: Shop, permitted: bool) -> None:
    shop = full_shop
    if not permitted:
        del shop.connection.permissions["rak_subscription_schedule_write"]
        shop.connection.save()
    user = in_period(shop, shop.price("Basic", 1000))

    exact, estimate = both(shop, user, "update_subscription", price=shop.price("Pro", 2000), timing="period_end")

    agree(exact, estimate)
    ends = shop.subscription(user)["items"]["data"][0]["current_period_end"]
    assert exact["status"] == ("ready" if permitted else "pending")
    assert exact["amounts"]["due_now"] == 0
    for one in (exact, estimate):
        assert one["amounts"]["next_invoice"] == {"amount": 2000, "at": ends, "instead_of": None}
        assert one["effect"] == f"The switch is made on {date_of(ends)}; until then nothing changes."
    assert shop.subscription(user)["schedule"] is None


def test_it_previews_a_coupon_that_comes_with_the_period_end(full_shop: Shop) -> None:
    shop = full_shop
    user = in_period(shop, shop.price("Basic", 1000), discounts=[{"coupon": shop.coupon(duration="forever")}])
    more = {"timing": "period_end", "coupon": shop.coupon(percent_off=50, duration="forever")}

    for one in both(shop, user, "update_subscription", price=shop.price("Pro", 2000), **more):
        assert one["amounts"]["next_invoice"]["amount"] == 800  # 20 % off, then half


def test_it_previews_a_trial_that_is_kept_or_ended_by_a_switch(full_shop: Shop) -> None:
    shop = full_shop
    user = shop.subscriber(shop.price("Basic", 1000), trial_period_days=10)
    trial_end = shop.subscription(user)["trial_end"]
    pro = shop.price("Pro", 2000)

    for one in both(shop, user, "update_subscription", price=pro):
        assert one["amounts"]["due_now"] == 0
        assert one["amounts"]["next_invoice"] == {"amount": 2000, "at": trial_end, "instead_of": None}
    for one in both(shop, user, "update_subscription", price=pro, trial="end"):
        assert one["amounts"]["due_now"] == 2000


def test_it_previews_the_end_of_a_trial(full_shop: Shop) -> None:
    shop = full_shop
    user = shop.subscriber(
        shop.price("Pro", 2000), trial_period_days=10, discounts=[{"coupon": shop.coupon(duration="forever")}]
    )
    trial_end = shop.subscription(user)["trial_end"]

    exact, estimate = both(shop, user, "convert_trial")
    shop.click(user)

    agree(exact, estimate)
    assert exact["amounts"]["due_now"] == newest_invoice(shop, user).amount_due == 1600
    words = f"The trial ends now instead of on {date_of(trial_end)}, and a paid period begins."
    assert exact["effect"] == estimate["effect"] == words


@pytest.mark.parametrize("trial_days", [10, None], ids=["on trial", "paying"])
def test_it_previews_a_longer_trial(full_shop: Shop, trial_days: int | None) -> None:
    shop = full_shop
    trial = {"trial_period_days": trial_days} if trial_days else {}
    user = shop.subscriber(shop.price("Pro", 2000), clock=shop.clock(), **trial)
    before = shop.subscription(user)["trial_end"]

    exact, estimate = both(shop, user, "extend_trial", trial_period_days=7)
    shop.click(user)

    after = shop.subscription(user)["trial_end"]
    agree(exact, estimate)
    for one in (exact, estimate):
        assert one["amounts"]["due_now"] == 0
        assert one["amounts"]["next_invoice"]["amount"] == 2000
        assert abs(one["amounts"]["next_invoice"]["at"] - after) <= 5
    paying = f"The user pays nothing until {date_of(after)}; what is paid already is not given back."
    on_trial = f"The trial ends on {date_of(after)} instead of on {date_of(before or 0)}."
    assert exact["effect"] == (on_trial if trial_days else paying)


def test_it_previews_a_new_subscription(full_shop: Shop) -> None:
    shop = full_shop
    user, pro = shop.customer(), shop.price("Pro", 2000)

    exact, estimate = both(shop, user, "subscribe", price=pro, coupon=shop.coupon())
    shop.click(user)

    agree(exact, estimate)
    assert exact["amounts"]["due_now"] == newest_invoice(shop, user).amount_due == 1600


def test_it_previews_a_new_subscription_with_a_trial(full_shop: Shop) -> None:
    shop = full_shop
    user, pro = shop.customer(), shop.price("Pro", 2000)

    exact, estimate = both(shop, user, "subscribe", price=pro, trial_period_days=14)

    agree(exact, estimate)
    for one in (exact, estimate):
        assert one["amounts"]["due_now"] == 0
        later = one["amounts"]["next_invoice"]
        assert later["amount"] == 2000
        assert one["effect"] == f"The trial lasts until {date_of(later['at'])}; the first payment is due then."


def test_it_previews_a_new_start(full_shop: Shop) -> None:
    shop = full_shop
    pro = shop.price("Pro", 2000)
    user = shop.subscriber(pro, items=[{"price": pro, "quantity": 2}])
    shop.stripe.subscriptions.cancel(user.subscription)

    exact, estimate = both(shop, user, "resubscribe")
    shop.click(user)

    agree(exact, estimate)
    assert exact["amounts"]["due_now"] == newest_invoice(shop, user).amount_due == 4000


@pytest.mark.parametrize("action", ["apply_discount", "remove_discounts"])
def test_it_previews_discounts_against_what_the_user_pays_without(full_shop: Shop, action: str) -> None:
    shop = full_shop
    old, new = shop.coupon(duration="forever"), shop.coupon(percent_off=50, duration="forever")
    user = in_period(shop, shop.price("Pro", 2000), discounts=[{"coupon": old}])
    parameters = {"coupon": new} if action == "apply_discount" else {}

    exact, estimate = both(shop, user, action, **parameters)
    shop.click(user)
    shop.advance(user, days=17)

    amount = 800 if action == "apply_discount" else 2000
    for one in (exact, estimate):
        assert one["amounts"]["due_now"] == 0
        assert one["amounts"]["next_invoice"]["amount"] == amount
        assert one["amounts"]["next_invoice"]["instead_of"] == 1600
    assert newest_invoice(shop, user).amount_due == amount


@pytest.mark.parametrize("prorate", [True, False])
@pytest.mark.parametrize("invoice_now", [True, False])
def test_it_previews_an_end_now(full_shop: Shop, prorate: bool, invoice_now: bool) -> None:
    shop = full_shop
    user = in_period(shop, shop.price("Pro", 2000))

    exact, estimate = both(
        shop, user, "cancel_subscription", timing="now", prorate=prorate, invoice_now=invoice_now
    )
    shop.click(user)

    agree(exact, estimate)
    credit = exact["amounts"]["proration"]
    assert exact["amounts"]["due_now"] == 0
    balance = shop.stripe.customers.retrieve(user.customer).balance
    assert (-1100 < credit < -900) if prorate else credit == 0
    if prorate and invoice_now:
        assert balance == credit
        assert exact["effect"].endswith("of unused time is credited on the final invoice.")
    elif prorate:
        assert balance == 0
        assert exact["effect"].endswith("is credited on the customer's next invoice, if there is one.")
        assert "About" in estimate["effect"]
    else:
        assert exact["effect"] == "The subscription ends now. Nothing is credited."


def test_it_previews_an_end_at_period_end_and_its_undoing(full_shop: Shop) -> None:
    shop = full_shop
    user = in_period(shop, shop.price("Pro", 2000))
    ends = shop.subscription(user)["items"]["data"][0]["current_period_end"]

    for one in both(shop, user, "cancel_subscription"):
        assert (one["amounts"]["due_now"], one["amounts"]["next_invoice"]) == (0, None)
        assert one["effect"] == (
            f"The subscription ends on {date_of(ends)}. Until then nothing changes, and nothing is credited."
        )
    shop.click(user)
    for one in both(shop, user, "keep_subscription"):
        assert one["amounts"]["next_invoice"] == {"amount": 2000, "at": ends, "instead_of": None}
        assert one["effect"] == f"The subscription does not end on {date_of(ends)}; it renews then."


def test_it_previews_a_quantity_and_an_amount_of_its_own(full_shop: Shop) -> None:
    shop = full_shop
    pro = shop.price("Pro", 2000)
    user = in_period(shop, pro)
    ActionLimit.objects.create(connection=shop.connection, action="override_price", plans=[pro])

    exact, estimate = both(shop, user, "change_quantity", quantity=3)
    agree(exact, estimate)
    assert exact["amounts"]["next_invoice"]["amount"] == 6000 + exact["amounts"]["proration"] > 7900
    exact, estimate = both(shop, user, "override_price", unit_amount=1500, currency="usd")
    agree(exact, estimate)
    for one in (exact, estimate):
        assert (one["amounts"]["proration"], one["amounts"]["next_invoice"]["amount"]) == (0, 1500)


def test_it_previews_an_open_invoice(full_shop: Shop) -> None:
    shop = full_shop
    user = shop.subscriber(
        shop.price("Pro", 2000), card="pm_card_chargeCustomerFail", payment_behavior="allow_incomplete"
    )
    shop.configure({"action": "collect_invoice"})

    amounts = preview(shop, user)["amounts"]

    assert amounts == {"currency": "usd", "due_now": 2000, "proration": 0, "next_invoice": None, "exact": True}


@pytest.fixture
def monthly(full_shop: Shop) -> Subscriber:
    """Renewals fall on the 10th, which every month has."""
    shop = full_shop
    frozen = int(datetime(2026, 12, 10, 12, tzinfo=UTC).timestamp())
    clock = shop.stripe.test_helpers.test_clocks.create({"frozen_time": frozen}).id
    return shop.subscriber(shop.price("Pro", 2000), clock=clock)


TWO = (
    "The user does not pay the 2 invoices of 10 January 2027 to 10 February 2027, $20 each: free from "
    "10 January 2027 to 10 March 2027, when the next invoice is due."
)
ONE = (
    "The user does not pay the invoice of 10 January 2027, $20: free from 10 January 2027 to 10 February 2027, when "
    "the next invoice is due. What is skipped is written off as uncollectible."
)
NONE = "No invoice falls into the pause: the next one, $20, is due on 10 January 2027 as without it."
OPEN = (
    "Until it is resumed, the user does not pay the invoices from 10 January 2027 on, $20 a month. What is skipped "
    "stays as drafts that you can still collect."
)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"until": "cycles", "length": 2}, TWO),
        ({"until": "cycles", "length": 1, "behavior": "mark_uncollectible"}, ONE),
        ({"until": "days", "length": 10}, NONE),
        ({"until": "resumed", "behavior": "keep_as_draft"}, OPEN),
    ],
)
def test_it_says_what_a_pause_of_collection_comes_to(
    full_shop: Shop, monthly: Subscriber, parameters: dict[str, Any], words: str
) -> None:
    for one in both(full_shop, monthly, "pause", **parameters):
        assert (one["status"], one["effect"], one["amounts"]) == ("ready", words, None)


def test_it_says_that_a_pause_of_a_yearly_plan_does_nothing_or_gives_a_year_away(full_shop: Shop) -> None:
    shop = full_shop
    frozen = int(datetime(2026, 12, 10, 12, tzinfo=UTC).timestamp())
    clock = shop.stripe.test_helpers.test_clocks.create({"frozen_time": frozen}).id
    user = shop.subscriber(shop.price("Yearly", 20_000, recurring={"interval": "year"}), clock=clock)

    (short, _), (long, _) = (
        both(shop, user, "pause", until="days", length=90),
        both(shop, user, "pause", until="days", length=400),
    )

    assert short["effect"] == (
        "No invoice falls into the pause: the next one, $200, is due on 10 December 2027 as without it."
    )
    assert "free from 10 December 2027 to 10 December 2028" in long["effect"]


def test_it_previews_a_pause_of_the_whole_subscription_and_its_end(full_shop: Shop) -> None:
    shop = full_shop
    user = in_period(shop, shop.price("Pro", 2000))

    exact, estimate = both(shop, user, "pause", pause="subscription", until="resumed")
    agree(exact, estimate)
    assert -1100 < exact["amounts"]["proration"] < -900
    assert exact["effect"].startswith("Nothing is billed from now until it is resumed. $")
    shop.click(user)
    assert shop.subscription(user)["status"] == "paused"

    exact, estimate = both(shop, user, "resume")
    before = newest_invoice(shop, user).id
    shop.click(user)
    after = newest_invoice(shop, user)
    assert after.id != before
    assert exact["amounts"]["due_now"] == after.amount_due
    assert exact["effect"] == "A new period begins now."
    assert estimate["amounts"]["due_now"] == 2000  # before the credit of the pause, which only Stripe knows


def test_it_says_what_other_changes_come_to(full_shop: Shop) -> None:
    shop = full_shop
    user = in_period(shop, shop.price("Pro", 2000))
    ends = date_of(shop.subscription(user)["items"]["data"][0]["current_period_end"])

    shop.configure({"action": "set_collection", "parameters": {"collection_method": "send_invoice"}})
    told = preview(shop, user)
    assert told["effect"] == f"From the invoice of {ends} on, the user gets invoices to pay within 30 days."
    assert told["amounts"] is None
    shop.stripe.billing.meters.create(
        {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    )
    shop.configure({"action": "record_usage", "parameters": {"event_name": "calls", "value": 3}})
    assert "cannot be previewed" in preview(shop, user)["effect"]


def test_it_estimates_where_stripe_takes_the_permission_back(full_shop: Shop) -> None:
    """What we know of the key is as old as the last check of it."""
    shop = full_shop
    user = in_period(shop, shop.price("Basic", 1000))
    parameters = {"price": shop.price("Pro", 2000), "proration_behavior": "always_invoice"}
    shop.configure({"action": "update_subscription", "parameters": parameters})
    assert preview(shop, user)["amounts"]["exact"] is True
    shop.connection.api_key = Secret(shop.account.restricted_key(REQUIRED))
    shop.connection.save()

    amounts = preview(shop, user)["amounts"]

    assert amounts["exact"] is False
    assert amounts["due_now"] > 0


def test_it_changes_nothing(full_shop: Shop) -> None:
    shop = full_shop
    user = in_period(shop, shop.price("Basic", 1000))
    both(shop, user, "update_subscription", price=shop.price("Pro", 2000))
    both(shop, user, "cancel_subscription", timing="now")

    assert shop.changes() == []
    assert Connection.objects.get(pk=shop.connection.pk).status == "active"


def test_it_is_for_the_app_alone(full_shop: Shop) -> None:
    user = full_shop.customer()
    full_shop.configure({"action": "keep_subscription"})
    answer = Client().post(
        f"/api/v1/prompts/{full_shop.prompt}/interactions/accept/preview/",
        json.dumps({"user_id": user.user_id}),
        content_type="application/json",
        headers=make_app().api_headers,
    )

    assert answer.status_code == 404
