"""Meters, meter events and portal sessions: https://docs.stripe.com/billing/subscriptions/usage-based."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox_process import StripeAccount


def _meter(account: StripeAccount) -> str:
    meter = account.client.v1.billing.meters.create(
        {
            "display_name": "Calls",
            "event_name": "calls",
            "default_aggregation": {"formula": "sum"},
        }
    )
    return meter.id


def test_it_sums_usage_of_a_customer(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/billing/meter-event-summary"""
    v1 = stripe_account.client.v1
    meter, customer = _meter(stripe_account), v1.customers.create()
    for value in ("3", "4"):
        event = v1.billing.meter_events.create(
            {"event_name": "calls", "payload": {"stripe_customer_id": customer.id, "value": value}}
        )
    window = {"start_time": event.timestamp - 60, "end_time": event.timestamp + 60}
    summaries = v1.billing.meters.event_summaries.list(meter, {"customer": customer.id, **window})
    assert [summary.aggregated_value for summary in summaries.data] == [7]


def test_it_refuses_a_usage_identifier_twice(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/billing/meter-event/create: unique for at least 24 hours."""
    v1 = stripe_account.client.v1
    _meter(stripe_account)
    payload = {"stripe_customer_id": v1.customers.create().id, "value": "1"}
    v1.billing.meter_events.create({"event_name": "calls", "payload": payload, "identifier": "once"})
    with pytest.raises(stripe.InvalidRequestError, match="already exists with identifier once"):
        v1.billing.meter_events.create({"event_name": "calls", "payload": payload, "identifier": "once"})


@pytest.mark.parametrize(
    ("event_name", "payload", "code"),
    [
        ("other", {"stripe_customer_id": "cus_1", "value": "1"}, "no_meter"),
        ("calls", {"value": "1"}, "meter_event_no_customer_defined"),
        ("calls", {"stripe_customer_id": "cus_1", "value": "1"}, "meter_event_customer_not_found"),
    ],
)
def test_it_refuses_usage_that_no_meter_can_count(
    stripe_account: StripeAccount, event_name: str, payload: dict[str, str], code: str
) -> None:
    """https://docs.stripe.com/billing/subscriptions/usage-based/recording-usage-api"""
    _meter(stripe_account)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        stripe_account.client.v1.billing.meter_events.create({"event_name": event_name, "payload": payload})
    assert refusal.value.code == code


def test_it_opens_a_portal_session_for_a_new_card(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/customer-management/portal-deep-links"""
    v1 = stripe_account.client.v1
    customer = v1.customers.create()
    session = v1.billing_portal.sessions.create(
        {"customer": customer.id, "flow_data": {"type": "payment_method_update"}}
    )
    assert session.customer == customer.id
    assert session.flow is not None
    assert session.flow.type == "payment_method_update"
    assert session.url.startswith("https://")
