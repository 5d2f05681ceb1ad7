"""A plan switch at the end of the period without the permission for schedules: made by our own scheduler."""

import json

import pytest
from django.utils import timezone

from actions import tasks
from actions.models import ActionExecution
from tests.actions.shop import Shop
from tests.actions.switching import apply_at, before, make_due, on_a_clock, period, plan, rows, switch


def test_it_makes_the_switch_shortly_before_the_period_ends(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    pro = shop.price("Pro")

    outcome = switch(shop, user, pro)
    assert (outcome["status"], outcome["code"]) == ("pending", "scheduled_here")
    assert apply_at(shop) == before(period(shop, user)[1])
    assert shop.changes() == []
    make_due()

    assert rows(shop) == [("succeeded", "")]
    assert plan(shop, user) == pro
    assert shop.changes() == [f"POST /v1/subscriptions/{user.subscription}"]


def test_it_is_done_by_the_periodic_task(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    user = shop.subscriber(shop.price("Basic"))
    switch(shop, user, shop.price("Pro"))
    monkeypatch.setattr(tasks.apply_due_change, "delay", tasks.apply_due_change.run)

    tasks.apply_due_changes()
    assert rows(shop) == [("pending", "scheduled_here")]
    ActionExecution.objects.update(apply_at=timezone.now())
    tasks.apply_due_changes()

    assert rows(shop) == [("succeeded", "")]


def test_it_keeps_discounts_and_quantity_and_adds_the_coupon(shop: Shop) -> None:
    basic, old, new = shop.price("Basic"), shop.coupon(duration="forever"), shop.coupon()
    user = shop.subscriber(basic, items=[{"price": basic, "quantity": 3}], discounts=[{"coupon": old}])
    (kept,) = shop.subscription(user)["discounts"]
    switch(shop, user, shop.price("Pro"), coupon=new)

    make_due()

    subscription = shop.subscription(user)
    assert [one["source"]["coupon"] for one in subscription["discounts"]] == [old, new]
    assert subscription["discounts"][0]["id"] == kept["id"]
    assert subscription["items"]["data"][0]["quantity"] == 3


def test_it_charges_nothing_before_the_next_invoice(full_shop: Shop, shop: Shop) -> None:
    user = on_a_clock(shop, shop.price("Basic", 1000))
    switch(shop, user, shop.price("Pro", 3000))
    make_due()
    shop.advance(user, days=32)

    invoices = full_shop.stripe.invoices.list({"customer": user.customer}).data
    assert [invoice.total for invoice in invoices] == [3000, 1000]


def test_it_leaves_a_plan_alone_that_was_changed_at_stripe(shop: Shop) -> None:
    user, other = shop.subscriber(shop.price("Basic")), shop.price("Other")
    switch(shop, user, shop.price("Pro"))
    (item,) = shop.subscription(user)["items"]["data"]
    shop.stripe.subscriptions.update(user.subscription, {"items": [{"id": item["id"], "price": other}]})

    make_due()

    assert rows(shop) == [("skipped", "superseded")]
    assert plan(shop, user) == other


def test_it_takes_the_later_of_two_choices(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    switch(shop, user, shop.price("Pro"))
    team = shop.price("Team")
    switch(shop, user, team)
    assert rows(shop) == [("skipped", "replaced"), ("pending", "scheduled_here")]

    make_due()

    assert rows(shop) == [("skipped", "replaced"), ("succeeded", "")]
    assert plan(shop, user) == team


def test_it_is_replaced_by_a_switch_now(shop: Shop) -> None:
    user, other = shop.subscriber(shop.price("Basic")), shop.price("Other")
    switch(shop, user, shop.price("Pro"))

    shop.outcome(user, "update_subscription", price=other)
    make_due()

    assert rows(shop) == [("skipped", "replaced"), ("succeeded", "")]
    assert plan(shop, user) == other


@pytest.mark.parametrize("timing", ["now", "period_end"])
def test_it_leaves_a_subscription_alone_that_was_cancelled(shop: Shop, timing: str) -> None:
    basic = shop.price("Basic")
    user = shop.subscriber(basic)
    switch(shop, user, shop.price("Pro"))
    shop.outcome(user, "cancel_subscription", timing=timing)

    make_due()

    assert rows(shop)[0] == ("skipped", "superseded")
    assert plan(shop, user) == basic


def test_it_makes_the_switch_of_who_stayed_after_all(shop: Shop) -> None:
    user, pro = shop.subscriber(shop.price("Basic")), shop.price("Pro")
    switch(shop, user, pro)
    shop.outcome(user, "cancel_subscription")
    shop.outcome(user, "keep_subscription")

    make_due()

    assert rows(shop)[0] == ("succeeded", "")
    assert plan(shop, user) == pro


def test_it_switches_the_subscription_it_was_chosen_for(shop: Shop) -> None:
    """The user has bought another one meanwhile, which is the current one now."""
    user, extra, pro = shop.subscriber(shop.price("Basic")), shop.price("Extra"), shop.price("Pro")
    switch(shop, user, pro)
    bought = shop.stripe.subscriptions.create({"customer": user.customer, "items": [{"price": extra}]})

    make_due()

    assert plan(shop, user) == pro
    assert shop.stripe.subscriptions.retrieve(bought.id)["items"].data[0].price.id == extra


@pytest.mark.parametrize(("is_permitted", "who"), [(False, "Engage makes this switch itself"), (True, "")])
def test_it_tells_the_designer_who_makes_the_switch(
    shop: Shop, full_shop: Shop, *, is_permitted: bool, who: str
) -> None:
    at = full_shop if is_permitted else shop
    parameters = {"price": at.price("Pro"), "timing": "period_end"}
    at.configure({"action": "update_subscription", "parameters": parameters})

    page = at.tenant.client().get(f"/prompts/{at.prompt}/").content.decode()

    assert ("Engage makes this switch itself" in page) is bool(who)
    actions = at.tenant.client().get("/api/v1/actions/", headers=at.tenant.api_headers)
    found = next(one for one in json.loads(actions.content) if one["action"] == "update_subscription")
    missing = found["missing_optional_permissions"]
    assert ("rak_subscription_schedule_write" in missing) is not is_permitted
