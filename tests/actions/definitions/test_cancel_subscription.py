"""Cancel and keep, against the sandbox."""

from datetime import UTC, datetime

import pytest

from actions.previewing import preview_interaction
from sync.models import UserTraits
from tests.actions.shop import Shop

DAY = 86_400


def test_it_cancels_items_of_mixed_intervals_when_the_first_one_ends(shop: Shop) -> None:
    """Nobody who cancels is billed again, and the trait that says so looks at the first period's end too."""
    monthly, yearly = shop.price("Monthly"), shop.price("Yearly", recurring={"interval": "year"})
    user = shop.subscriber(monthly, items=[{"price": monthly}, {"price": yearly}])
    ends = min(item["current_period_end"] for item in shop.subscription(user)["items"]["data"])
    shop.configure({"action": "cancel_subscription"})

    (preview,) = preview_interaction(
        app_id=shop.tenant.id, prompt_id=shop.prompt, interaction="accept", user_id=user.user_id
    )
    shop.click(user)

    when = datetime.fromtimestamp(ends, UTC)
    assert f"ends on {when.day} {when:%B %Y}" in preview.effect
    assert shop.subscription(user)["cancel_at"] == ends
    assert UserTraits.objects.get(user_id=user.user_id).cancel_at_period_end is True


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


def test_it_takes_an_unpaid_first_subscription_that_ended_for_done(shop: Shop) -> None:
    """One that was never paid ends as incomplete_expired, and a second DELETE finds nothing."""
    user = shop.subscriber(
        shop.price("Pro"), card="pm_card_chargeCustomerFail", payment_behavior="allow_incomplete"
    )
    shop.configure({"action": "cancel_subscription", "parameters": {"timing": "now"}})
    shop.account.sandbox.admin(
        "POST", "faults", kind="drop_after", account=shop.account.id, method="DELETE", count=1
    )

    assert shop.click(user, key="click-1")["outcomes"][0]["status"] == "unknown"
    assert shop.click(user, key="click-1")["outcomes"][0]["status"] == "succeeded"

    assert shop.subscription(user)["status"] == "incomplete_expired"
    assert len(shop.changes()) == 1


@pytest.mark.parametrize("soon", [True, False])
def test_it_says_when_the_subscription_ends(shop: Shop, *, soon: bool) -> None:
    user = shop.subscriber(shop.price("Pro"))
    ends = shop.subscription(user)["items"]["data"][0]["current_period_end"] - (DAY if soon else 0)
    if soon:
        shop.stripe.subscriptions.update(user.subscription, {"cancel_at": ends})

    outcome = shop.outcome(user, "cancel_subscription")

    when = datetime.fromtimestamp(ends, UTC)
    assert f"ends on {when.day} {when:%B %Y}" in outcome["message"]
