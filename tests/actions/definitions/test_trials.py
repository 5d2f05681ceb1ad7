"""Extend and convert trials, against the sandbox."""

from tests.actions.shop import Shop

DAY = 86_400


def test_it_gives_a_paying_user_free_days_after_the_paid_period(full_shop: Shop) -> None:
    """Two renewals come at their day and seven days after the other: none of the paid time is lost."""
    user = full_shop.subscriber(full_shop.price("Pro"), clock=full_shop.clock())
    full_shop.advance(user, days=10)
    paid_until = full_shop.subscription(user)["items"]["data"][0]["current_period_end"]

    full_shop.outcome(user, "extend_trial", trial_period_days=7)

    subscription = full_shop.subscription(user)
    assert (subscription["status"], subscription["trial_end"]) == ("trialing", paid_until + 7 * DAY)
    full_shop.advance(user, days=29)
    invoices = full_shop.stripe.invoices.list({"customer": user.customer}).data
    assert [(one.total, one.status) for one in invoices] == [(2000, "paid"), (0, "paid"), (2000, "paid")]


def test_it_extends_at_most_as_often_as_is_allowed(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"), trial_period_days=14)
    extend = {"trial_period_days": 7, "most_extensions": 1}

    assert shop.outcome(user, "extend_trial", **extend)["status"] == "succeeded"
    refused = shop.outcome(user, "extend_trial", **extend)

    assert (refused["status"], refused["code"]) == ("not_allowed", "cap_extensions")


def test_it_converts_a_trial_now(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"), trial_period_days=14)

    assert shop.outcome(user, "convert_trial")["message"] == "The subscription is now paid."
    assert shop.subscription(user)["status"] == "active"


def test_it_counts_an_extension_whose_outcome_is_open(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Pro"), trial_period_days=14)
    extend = {"trial_period_days": 7, "most_extensions": 1}
    path = "/v1/subscriptions/*"
    shop.account.sandbox.admin(
        "POST", "faults", kind="drop_after", account=shop.account.id, method="POST", path=path, count=3
    )

    assert shop.outcome(user, "extend_trial", **extend)["status"] == "unknown"
    assert shop.outcome(user, "extend_trial", **extend)["code"] == "cap_extensions"


def test_it_says_how_a_trial_that_ended_is_paid(shop: Shop) -> None:
    terms = {"trial_period_days": 14, "collection_method": "send_invoice", "days_until_due": 30}

    outcome = shop.outcome(shop.subscriber(shop.price("Pro"), **terms), "convert_trial")

    assert outcome["message"] == "The trial has ended; the first invoice is sent."
