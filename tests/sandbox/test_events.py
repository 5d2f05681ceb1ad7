"""Events: https://docs.stripe.com/api/events."""

from __future__ import annotations

from tests.sandbox_process import StripeAccount


def test_it_tells_what_changed_and_which_request_did_it(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/events/object: previous_attributes, request."""
    v1 = stripe_account.client.v1
    customer = v1.customers.create({"name": "Ada", "metadata": {"a": "1"}})
    v1.customers.update(customer.id, {"name": "Grace", "metadata": {"b": "2"}}, {"idempotency_key": "rename"})
    event = v1.events.list({"type": "customer.updated"}).data[0]
    assert event.data.previous_attributes is not None
    assert event.data.previous_attributes.to_dict() == {"name": "Ada", "metadata": {"b": None}}
    assert event.request is not None
    assert event.request.idempotency_key == "rename"
    assert event.api_version == "2026-10-28.endive"


def test_it_keeps_the_object_as_it_was(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/events/object#event_object-data-object: the state at the time of the event."""
    v1 = stripe_account.client.v1
    customer = v1.customers.create({"name": "Ada"})
    v1.customers.update(customer.id, {"name": "Grace"})
    created = v1.events.list({"types": ["customer.created"]}).data[0]
    assert created.data.object.to_dict()["name"] == "Ada"


def test_it_emits_nothing_when_nothing_changed(stripe_account: StripeAccount) -> None:
    """Inferred: an update event without `previous_attributes` would say nothing."""
    v1 = stripe_account.client.v1
    customer = v1.customers.create({"name": "Ada"})
    v1.customers.update(customer.id, {"name": "Ada"})
    assert v1.events.list({"type": "customer.updated"}).data == []


def test_it_lists_a_family_of_events(stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/api/events/list#list_events-type: `*` is a wildcard."""
    v1 = stripe_account.client.v1
    v1.products.create({"name": "Gold"})
    v1.customers.delete(v1.customers.create().id)
    found = v1.events.list({"type": "customer.*"}).data
    assert [event.type for event in found] == ["customer.deleted", "customer.created"]
