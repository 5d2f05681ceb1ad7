"""Cancel and keep, against the sandbox."""

from sync.models import UserTraits
from tests.actions.shop import Shop


def test_it_cancels_at_period_end_with_the_reason(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"))

    outcome = shop.outcome(user, "cancel_subscription", feedback="too_expensive")

    assert outcome["status"] == "succeeded"
    subscription = shop.subscription(user)
    assert subscription["cancel_at_period_end"] is True
    assert subscription["cancellation_details"]["feedback"] == "too_expensive"


def test_it_has_nothing_to_do_where_a_cancellation_is_pending(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"))
    shop.outcome(user, "cancel_subscription")

    assert shop.outcome(user, "cancel_subscription")["status"] == "no_op"


def test_it_cancels_items_of_mixed_intervals_when_the_first_one_ends(shop: Shop) -> None:
    """Nobody who cancels is billed again, and the trait that says so looks at the first period's end too."""
    monthly, yearly = shop.price("Monthly"), shop.price("Yearly", recurring={"interval": "year"})
    user = shop.subscriber(
        monthly, items=[{"price": monthly}, {"price": yearly}], billing_mode={"type": "flexible"}
    )

    shop.outcome(user, "cancel_subscription")

    subscription = shop.subscription(user)
    ends = [item["current_period_end"] for item in subscription["items"]["data"]]
    assert subscription["cancel_at"] == min(ends)
    assert UserTraits.objects.get(user_id=user.user_id).cancel_at_period_end is True


def test_it_cancels_now_once(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"))

    outcome = shop.outcome(user, "cancel_subscription", timing="now", prorate=True, invoice_now=True)

    assert outcome["status"] == "succeeded"
    assert shop.subscription(user)["status"] == "canceled"
    assert shop.changes() == [f"DELETE /v1/subscriptions/{user.subscription}"]
    assert shop.outcome(user, "cancel_subscription", timing="now")["code"] == "status_canceled"


def test_it_takes_a_cancellation_that_was_not_answered_for_done(shop: Shop) -> None:
    """v1 DELETE has no idempotency keys: a second one finds nothing to cancel."""
    user = shop.subscriber(shop.price("Pro"))
    shop.configure({"action": "cancel_subscription", "parameters": {"timing": "now"}})
    shop.account.sandbox.admin(
        "POST", "faults", kind="drop_after", account=shop.account.id, method="DELETE", count=1
    )

    first = shop.click(user, key="click-1")
    assert first["outcomes"][0]["status"] == "unknown"
    second = shop.click(user, key="click-1")

    assert second["outcomes"][0]["status"] == "succeeded"
    assert len(shop.changes()) == 1


def test_it_keeps_a_subscription_that_was_cancelled_either_way(shop: Shop) -> None:
    pro = shop.price("Pro")
    at_period_end, at_a_date = shop.subscriber(pro), shop.subscriber(pro)
    shop.stripe.subscriptions.update(at_period_end.subscription, {"cancel_at_period_end": True})
    soon = shop.subscription(at_a_date)["items"]["data"][0]["current_period_end"] - 86_400
    shop.stripe.subscriptions.update(at_a_date.subscription, {"cancel_at": soon})

    for user in (at_period_end, at_a_date):
        assert shop.outcome(user, "keep_subscription")["status"] == "succeeded"
        subscription = shop.subscription(user)
        assert (subscription["cancel_at_period_end"], subscription["cancel_at"]) == (False, None)
