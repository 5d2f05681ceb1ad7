"""The trait rules, one by one."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.facts import CustomerFact, DiscountFact, PaymentMethodFact, SubscriptionFact
from sync.traits import STATUSES, CustomerState, Known, Traits, main_item, project

T = 1_790_000_000
CARD = {"type": "card", "card_brand": "visa", "card_exp_month": 3, "card_exp_year": 2030}


def customer(**fields: Any) -> CustomerFact:
    return CustomerFact(**{"stripe_id": "cus_1", "created": T, "delinquent": False, **fields})


def subscription(**fields: Any) -> SubscriptionFact:
    defaults = {"stripe_id": "sub_1", "customer": "cus_1", "status": "active", "created": T}
    return SubscriptionFact(**{**defaults, **fields})


def item(**fields: Any) -> dict[str, Any]:
    defaults = {
        "id": "si_1",
        "product": "prod_1",
        "unit_amount": 100,
        "quantity": 1,
        "interval": "month",
        "created": T,
    }
    return {**defaults, **fields}


def traits(*subscriptions: SubscriptionFact, known: Known | None = None, **of_customer: Any) -> Traits:
    failed = of_customer.pop("payment_failed", False)
    state = CustomerState(customer(**of_customer), subscriptions, payment_failed=failed)
    return project([state], known or Known()).traits


def test_it_has_none_without_customers() -> None:
    assert project([], Known()).traits == Traits()
    assert Traits().subscription_status == "NONE"


@pytest.mark.parametrize(("better", "worse"), list(pairwise(STATUSES[:7])))
def test_it_ranks_statuses(better: str, worse: str) -> None:
    newer = subscription(stripe_id="sub_2", status=worse, created=T + 9)
    assert traits(newer, subscription(status=better)).subscription_status == better


def test_it_prefers_the_latest_of_equals_and_of_ended_ones() -> None:
    old = subscription(status="canceled", canceled_at=1)
    new = subscription(stripe_id="sub_2", status="incomplete_expired", created=T + 1)
    assert traits(old, new).subscription_status == "incomplete_expired"


def test_it_takes_an_unknown_status_for_live() -> None:
    ended = subscription(stripe_id="sub_2", status="canceled", created=T + 1)
    assert traits(subscription(status="hibernating"), ended).subscription_status == "hibernating"


def test_it_takes_the_customer_whose_subscription_ranks_first() -> None:
    states = [
        CustomerState(customer(stripe_id="cus_2", created=T + 5), [subscription(status="canceled")]),
        CustomerState(customer(), [subscription(stripe_id="sub_2", status="past_due")]),
        CustomerState(customer(stripe_id="cus_3", created=T + 9)),
    ]
    assert project(states, Known()).customer == "cus_1"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({}, False),
        ({"delinquent": True}, True),
        ({"payment_failed": True}, True),
        ({"status": "past_due"}, True),
        ({"status": "unpaid"}, True),
        ({"delinquent": True, "deleted": True}, False),
    ],
)
def test_it_tells_delinquency(state: dict[str, Any], expected: bool) -> None:
    status = state.pop("status", "active")
    assert traits(subscription(status=status), **state).delinquent is expected


def test_it_cancels_everything_with_the_customer() -> None:
    assert traits(subscription(), deleted=True).subscription_status == "canceled"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"cancel_at_period_end": True}, True),
        ({"cancel_at": T + 50, "current_period_end": T + 50}, True),
        ({"cancel_at": T + 40, "current_period_end": T + 50}, False),
        ({}, False),
    ],
)
def test_it_knows_a_dated_cancellation_at_the_period_s_end(fields: dict[str, Any], expected: bool) -> None:
    assert traits(subscription(**fields)).cancel_at_period_end is expected


def test_it_names_the_plan_of_the_main_item() -> None:
    items = [
        item(id="si_1", product="prod_metered", unit_amount=900, quantity=None),
        item(id="si_2", product="prod_seats", unit_amount=100, quantity=6, interval="year"),
        item(id="si_3", product="prod_base", unit_amount=500),
    ]
    known = Known(product_names={"prod_seats": "Seats", "prod_base": "Base", "prod_metered": "Usage"})
    found = traits(subscription(items=items), known=known)
    assert (found.subscription_plan, found.recurring_interval) == ("Seats", "year")


def test_it_tells_both_kinds_of_pause_apart() -> None:
    """Collection that is paused leaves access as it is: https://docs.stripe.com/billing/subscriptions/pause-payment"""
    assert traits(subscription(collection_paused="void")).subscription_status == "active"
    assert traits(subscription(status="paused")).subscription_status == "paused"


def test_it_compares_no_amounts_of_different_currencies() -> None:
    """The subscription is chosen by status and age; amounts count within one, which has one currency."""
    yen = subscription(stripe_id="sub_2", currency="jpy", items=[item(product="prod_yen", unit_amount=90_000)])
    euro = subscription(currency="eur", created=T + 1, items=[item(unit_amount=5)])
    known = Known(product_names={"prod_yen": "Yen", "prod_1": "Euro"})
    assert traits(yen, euro, known=known).subscription_plan == "Euro"


def test_it_shows_a_trial() -> None:
    found = traits(subscription(status="trialing", trial_start=T, trial_end=T + 9))
    assert (found.subscription_status, found.trial_start, found.trial_end) == ("trialing", T, T + 9)


def test_it_takes_the_older_of_two_items_at_the_same_amount() -> None:
    found = main_item([item(id="si_1", created=T), item(id="si_2", created=T - 1)])
    assert found is not None
    assert found["id"] == "si_2"


def test_it_takes_the_newest_discount_of_the_subscription_then_the_customer_s() -> None:
    known = Known(
        discounts={
            "di_old": DiscountFact("di_old", coupon="OLD", start=1),
            "di_new": DiscountFact("di_new", coupon="NEW", start=2),
            "di_customer": DiscountFact("di_customer", coupon="MINE", start=3),
        },
        coupon_names={"NEW": "Newest"},
    )
    assert traits(subscription(discounts=["di_new", "di_old"]), known=known).coupon == "Newest"
    assert traits(subscription(), known=known, discount="di_customer").coupon == "MINE"


@pytest.mark.parametrize(
    ("of_subscription", "of_customer", "brand"),
    [
        ({"default_payment_method": "pm_1"}, {"default_payment_method": "pm_2"}, "visa"),
        ({}, {"default_payment_method": "pm_2", "default_source": "card_1"}, "amex"),
        ({}, {"default_source": "card_1"}, "discover"),
        ({"default_payment_method": "pm_gone"}, {"default_payment_method": "pm_2"}, "amex"),
        ({"default_payment_method": "pm_sepa"}, {"default_payment_method": "pm_2"}, None),
        ({"default_payment_method": "pm_unknown"}, {"default_payment_method": "pm_2"}, None),
        ({}, {}, None),
    ],
)
def test_it_shows_the_card_that_would_be_charged(
    of_subscription: dict[str, Any], of_customer: dict[str, Any], brand: str | None
) -> None:
    methods = [
        PaymentMethodFact("pm_1", customer="cus_1", **CARD),
        PaymentMethodFact("pm_2", customer="cus_1", **{**CARD, "card_brand": "amex"}),
        PaymentMethodFact("card_1", customer="cus_1", **{**CARD, "card_brand": "discover"}),
        PaymentMethodFact("pm_gone", **CARD),
        PaymentMethodFact("pm_sepa", customer="cus_1", type="sepa_debit"),
    ]
    known = Known(payment_methods={one.stripe_id: one for one in methods})
    found = traits(subscription(**of_subscription), known=known, **of_customer)
    assert found.payment_card_brand == brand
    assert found.payment_card_expiration == ("2030-03-01" if brand else None)


_items = st.builds(item, unit_amount=st.none() | st.integers(0, 9), quantity=st.none() | st.integers(0, 3))
_subscriptions = st.lists(
    st.builds(
        subscription,
        stripe_id=st.sampled_from(("sub_1", "sub_2", "sub_3")),
        status=st.sampled_from((*STATUSES, "hibernating")),
        created=st.integers(T, T + 3),
        cancel_at=st.none() | st.just(T),
        items=st.lists(_items, max_size=3),
    ),
    max_size=4,
    unique_by=lambda one: one.stripe_id,
)  # fmt: skip


@pytest.mark.fuzz
@pytest.mark.timeout(0)
@given(subscriptions=_subscriptions, order=st.randoms(use_true_random=False), deleted=st.booleans())
def test_it_does_not_depend_on_the_order_of_what_it_is_given(
    subscriptions: list[SubscriptionFact], order: Any, deleted: bool
) -> None:
    shuffled = list(subscriptions)
    order.shuffle(shuffled)
    assert traits(*subscriptions, deleted=deleted) == traits(*shuffled, deleted=deleted)
