"""Creating, reading and listing subscriptions: https://docs.stripe.com/api/subscriptions."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.shop import DAY, START, Shop, amounts, invoice_of, item_of


def test_it_bills_the_first_period_at_once(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/overview."""
    sub = shop.subscribe()
    assert (sub.status, sub.currency, sub.start_date) == ("active", "usd", START)
    assert (item_of(sub).current_period_start, item_of(sub).current_period_end) == (START, START + 31 * DAY)
    invoice = invoice_of(sub)
    assert (invoice.status, invoice.billing_reason, invoice.amount_paid) == ("paid", "subscription_create", 1000)
    assert invoice.parent is not None
    assert invoice.parent.subscription_details is not None
    assert invoice.parent.subscription_details.subscription == sub.id


def test_it_makes_new_subscriptions_flexible(shop: Shop) -> None:
    """https://docs.stripe.com/changelog/clover/2025-09-30/billing-mode-default-flexible."""
    assert shop.subscribe().billing_mode.type == "flexible"
    assert shop.subscribe(billing_mode={"type": "classic"}).billing_mode.type == "classic"


def test_it_tells_the_customers_currency_and_refuses_another(shop: Shop) -> None:
    """https://docs.stripe.com/billing/customer#currencies: one currency at a time."""
    shop.subscribe()
    assert shop.stripe.customers.retrieve(shop.customer).currency == "usd"
    euros = shop.price(900, currency="eur")
    with pytest.raises(stripe.InvalidRequestError, match="cannot combine currencies"):
        shop.subscribe(euros)


def test_it_takes_the_amount_of_a_currency_option(shop: Shop) -> None:
    """https://docs.stripe.com/products-prices/pricing-models#multicurrency."""
    price = shop.price(1000, currency_options={"eur": {"unit_amount": 900}})
    sub = shop.subscribe(price, currency="eur")
    assert (sub.currency, invoice_of(sub).total) == ("eur", 900)


def test_it_bills_several_items_on_one_invoice(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/multiple-products."""
    sub = shop.subscribe(shop.basic, shop.premium)
    assert sorted(amounts(invoice_of(sub))) == [1000, 2000]


def test_it_gives_each_item_its_own_period_when_intervals_differ(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/mixed-interval."""
    sub = shop.subscribe(shop.basic, shop.yearly)
    ends = {item.current_period_end for item in sub["items"].data}
    assert ends == {START + 31 * DAY, START + 365 * DAY}


def test_it_refuses_mixed_intervals_where_they_cannot_work(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/mixed-interval."""
    weekly = shop.price(300, interval="week")
    with pytest.raises(stripe.InvalidRequestError, match="multiples"):
        shop.subscribe(shop.basic, weekly)
    with pytest.raises(stripe.InvalidRequestError, match="must match"):
        shop.subscribe(shop.basic, shop.yearly, billing_mode={"type": "classic"})


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"price": "price_none"}, "No such price"),
        ({"quantity": 1}, "No such price|Missing required param"),
    ],
)
def test_it_refuses_prices_that_do_not_exist(shop: Shop, item: dict[str, Any], message: str) -> None:
    """https://docs.stripe.com/error-codes#resource-missing."""
    with pytest.raises(stripe.InvalidRequestError, match=message):
        shop.subscribe(items=[item])


def test_it_refuses_inactive_one_time_and_repeated_prices(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/create#create_subscription-items."""
    once = shop.stripe.prices.create({"product": shop.product, "currency": "usd", "unit_amount": 5})
    with pytest.raises(stripe.InvalidRequestError, match="type=one_time"):
        shop.subscribe(once.id)
    with pytest.raises(stripe.InvalidRequestError, match="same plan"):
        shop.subscribe(shop.basic, shop.basic)
    shop.stripe.prices.update(shop.basic, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        shop.subscribe(shop.basic)


def test_it_makes_a_price_of_price_data_that_is_for_this_subscription_only(shop: Shop) -> None:
    """https://docs.stripe.com/products-prices/manage-prices#create-inline-prices."""
    data = {
        "currency": "usd",
        "product": shop.product,
        "recurring": {"interval": "month"},
        "unit_amount": 777,
    }
    sub = shop.subscribe(items=[{"price_data": data}])
    assert invoice_of(sub).total == 777
    assert not shop.stripe.prices.retrieve(item_of(sub).price.id).active


def test_it_needs_a_payment_method_when_something_is_due(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/payment-methods-setting."""
    stranger = shop.new_customer()
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        shop.subscribe(customer=stranger)
    assert refusal.value.code == "resource_missing"
    assert shop.stripe.subscriptions.list({"customer": stranger, "status": "all"}).data == []


def test_it_charges_the_subscriptions_own_payment_method_first(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/payment-methods-setting#payment-method-priority."""
    failing = shop.stripe.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": shop.customer}).id
    assert shop.subscribe(default_payment_method=failing).status == "incomplete"


def test_it_refuses_a_strangers_payment_method(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/create#create_subscription-default_payment_method."""
    other = shop.new_customer()
    method = shop.stripe.payment_methods.attach("pm_card_visa", {"customer": other}).id
    with pytest.raises(stripe.InvalidRequestError, match="attached to the customer"):
        shop.subscribe(default_payment_method=method)


def test_it_sends_invoices_instead_of_charging(shop: Shop) -> None:
    """https://docs.stripe.com/billing/collection-method: active at once, a draft for an hour, then open."""
    sub = shop.subscribe(collection_method="send_invoice", days_until_due=30)
    assert (sub.status, invoice_of(sub).status) == ("active", "draft")
    assert invoice_of(sub).due_date == START + 30 * DAY
    shop.advance(START + 2 * 3600)
    assert invoice_of(shop.fresh(sub)).status == "open"
    with pytest.raises(stripe.InvalidRequestError, match="days_until_due"):
        shop.subscribe(collection_method="send_invoice")


def test_it_starts_with_a_partial_period_before_an_anchor(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/billing-cycle: 10 of the 31 days before 11 January."""
    anchor = START + 10 * DAY
    sub = shop.subscribe(billing_cycle_anchor=anchor)
    assert item_of(sub).current_period_end == anchor
    assert invoice_of(sub).total == 323
    shop.advance(anchor + 2 * 3600)
    assert (invoice_of(shop.fresh(sub)).total, item_of(shop.fresh(sub)).current_period_start) == (1000, anchor)


def test_it_gives_the_partial_period_away_without_prorations(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/billing-cycle: `proration_behavior=none`."""
    sub = shop.subscribe(billing_cycle_anchor=START + 10 * DAY, proration_behavior="none")
    assert (sub.status, sub.latest_invoice) == ("active", None)


def test_it_adds_one_off_items_to_the_first_invoice(shop: Shop) -> None:
    """https://docs.stripe.com/billing/invoices/subscription#first-invoice-extra."""
    fee = shop.stripe.prices.create({"product": shop.product, "currency": "usd", "unit_amount": 250}).id
    sub = shop.subscribe(add_invoice_items=[{"price": fee, "quantity": 2}])
    assert sorted(amounts(invoice_of(sub))) == [500, 1000]


def test_it_lists_without_the_ended_ones_unless_asked(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/list#list_subscriptions-status."""
    live, ended = shop.subscribe(), shop.subscribe(shop.premium)
    shop.stripe.subscriptions.cancel(ended.id)

    def ids(**params: Any) -> set[str]:
        return {sub.id for sub in shop.stripe.subscriptions.list(params).data}

    assert ids() == ids(status="active") == {live.id}
    assert ids(status="all") == {live.id, ended.id}
    assert ids(status="canceled") == ids(status="ended") == {ended.id}
    assert ids(status="all", price=shop.premium) == {ended.id}
    assert ids(customer=shop.new_customer(), status="all") == set()
    assert ids(status="all", created={"gte": START}) == {live.id, ended.id}
    assert ids(status="all", created={"gt": START}) == set()


def test_it_shows_ten_items_and_says_that_there_are_more(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscription_items/list: nested lists stop at ten."""
    prices = [shop.price(100 + place) for place in range(12)]
    sub = shop.subscribe(*prices)
    assert (len(sub["items"].data), sub["items"].has_more) == (10, True)
    listed = shop.stripe.subscription_items.list({"subscription": sub.id, "limit": 100})
    assert len(listed.data) == 12


def test_it_refuses_parameters_it_does_not_imitate(shop: Shop) -> None:
    """Ours: what is not imitated is refused, see docs/sandbox.md."""
    with pytest.raises(stripe.InvalidRequestError, match="does not imitate"):
        shop.subscribe(application_fee_percent=10)


def test_it_announces_a_subscription_and_its_invoice(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/webhooks."""
    sub = shop.subscribe()
    created = shop.events("customer.subscription.created")
    assert [event.data.object["id"] for event in created] == [sub.id]
    assert len(shop.events("invoice.created", "invoice.finalized", "invoice.paid")) == 3


def test_it_is_past_due_when_a_sent_invoice_is_overdue(shop: Shop) -> None:
    """https://docs.stripe.com/billing/collection-method."""
    sub = shop.subscribe(collection_method="send_invoice", days_until_due=5)
    shop.advance(START + 6 * DAY)
    assert (shop.fresh(sub).status, len(shop.events("invoice.overdue"))) == ("past_due", 1)
    shop.stripe.invoices.pay(invoice_of(sub).id)
    assert shop.fresh(sub).status == "active"


def test_it_remembers_the_card_that_paid_when_asked(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/create#create_subscription-payment_settings."""
    settings = {"save_default_payment_method": "on_subscription"}
    sub = shop.subscribe(payment_behavior="default_incomplete", payment_settings=settings)
    card = shop.stripe.payment_methods.attach("pm_card_mastercard", {"customer": shop.customer}).id
    shop.stripe.invoices.pay(invoice_of(sub).id, {"payment_method": card})
    assert shop.fresh(sub).default_payment_method == card


def test_it_takes_the_trial_of_the_price_when_asked(shop: Shop) -> None:
    """https://docs.stripe.com/api/subscriptions/create#create_subscription-trial_from_plan."""
    price = shop.price(1000, recurring={"interval": "month", "trial_period_days": 9})
    assert shop.subscribe(price).status == "active"
    assert shop.subscribe(price, trial_from_plan=True).trial_end == START + 9 * DAY


def test_it_anchors_on_a_day_of_the_month(shop: Shop) -> None:
    """https://docs.stripe.com/billing/subscriptions/billing-cycle: here the 15th, half a day past midnight."""
    sub = shop.subscribe(billing_cycle_anchor_config={"day_of_month": 15, "hour": 12})
    assert sub.billing_cycle_anchor == item_of(sub).current_period_end == START + 14 * DAY + DAY // 2
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        shop.subscribe(billing_cycle_anchor=START + DAY, billing_cycle_anchor_config={"day_of_month": 2})
    with pytest.raises(stripe.InvalidRequestError, match="next natural billing date"):
        shop.subscribe(billing_cycle_anchor=START + 40 * DAY)


def test_it_has_no_customer_discount_to_delete(shop: Shop) -> None:
    """https://docs.stripe.com/api/discounts/delete: new customers never have one."""
    with pytest.raises(stripe.InvalidRequestError, match="No such discount"):
        shop.stripe.customers.delete_discount(shop.customer)
