"""Which event says what: one event in, facts and doubts out. Pure."""

import re
from datetime import datetime
from typing import Any

from connector.stripe_gateway import API_VERSION
from connector.webhook_events import CONNECT_EVENTS
from sync.facts import OWNED, Doubt, Fact, Json, PaymentFact, Reading
from sync.json_fields import UnreadableError, record, reference, required_text, text
from sync.stripe_objects import doubt_about, is_known_kind, read_object

_KNOWN = frozenset(CONNECT_EVENTS) | {
    "payment_method.card_automatically_updated",  # its name before 2020-08-27
    "plan.created",
    "plan.deleted",
    "plan.updated",
}
_GONE = {"customer.deleted", "customer.discount.deleted", "customer.source.deleted", "payment_method.detached"}
_PAYMENTS = {"invoice.paid": False, "invoice.payment_succeeded": False, "invoice.payment_failed": True}
_SILENT = ("invoice", "application")
"""Objects of events that we take for what happened, not for what the object says."""

_THIN_FAMILIES = (
    "v1.customer.subscription.",
    "v1.product.",
    "v1.price.",
    "v1.plan.",
    "v1.coupon.",
    "v1.promotion_code.",
)
"""Thin events come in more types than snapshots: ``v1.customer.subscription.item_added``."""
_FETCHABLE = {"customer", "product", "price", "coupon", "promotion_code", *OWNED}
_RELEASE = API_VERSION.partition(".")[2]
_HOLDER = re.compile(r"/v1/(customer|subscription)s/([^/?]+)/")


def is_known(event_type: str) -> bool:
    """Whether an event of this type is worth storing. Thin events carry their v1 type after ``v1.``."""
    return event_type.removeprefix("v1.") in _KNOWN or event_type.startswith(_THIN_FAMILIES)


def is_deauthorization(event_type: str) -> bool:
    return event_type.removeprefix("v1.") == "account.application.deauthorized"


def account_of(event: Json) -> Any:
    """The account that the event is about, where it names one; of whatever type it came.

    Thin events have a path to it: https://docs.stripe.com/api/v2/core/events/object#v2_event_object-context
    """
    account = event.get("account") or event.get("context")
    return account.rpartition("/")[2] if isinstance(account, str) else account


def created_second(event: Json) -> int:
    """``created`` in epoch seconds; thin events have ISO 8601: https://docs.stripe.com/api/v2/core/events/object"""
    created = event.get("created")
    if isinstance(created, str):
        try:
            created = int(datetime.fromisoformat(created).timestamp())
        except ValueError:
            raise UnreadableError("created") from None
    if type(created) is not int or not 0 <= created < 2**37:
        raise UnreadableError("created")
    return created


def read_event(event: Json) -> Reading:
    """What the event says. Raises ``UnreadableError`` where not even a customer can be named."""
    if event.get("object") == "v2.core.event":
        return _read_thin_event(event)
    event_type = required_text(event, "type")
    data = record(record(event, "data"), "object")
    if event_type == "payment_method.detached":
        data = _with_former_customer(event, data)
    if _is_of_a_later_release(event):
        return Reading() if data.get("object") == "application" else _doubtful(data, "later API version")
    if event_type in _PAYMENTS:
        return _read_invoice(data, failed=_PAYMENTS[event_type])
    if not is_known_kind(data.get("object")):
        return Reading() if data.get("object") in _SILENT else _doubtful(data, "unknown kind of object")
    reading = read_object({**data, "deleted": True} if _says_gone(event_type) else data)
    reading.facts += _settled_payments(event, data)
    return reading


def _is_of_a_later_release(event: Json) -> bool:
    """Releases are named in alphabetical order, and only a new name moves fields: https://docs.stripe.com/api/versioning

    A field that moved would read as one that is empty.
    """
    name = (text(event, "api_version", 64) or "").partition(".")[2]
    return name > _RELEASE


def _doubtful(data: Json, reason: str) -> Reading:
    """Stripe knows what it means, in the version that we read."""
    return Reading(doubts=[doubt_about(data, reason)])


def _says_gone(event_type: str) -> bool:
    """``customer.subscription.deleted`` says that the subscription ended, not that the object is gone."""
    return event_type in _GONE or (event_type.endswith(".deleted") and not event_type.startswith("customer."))


def _with_former_customer(event: Json, data: Json) -> Json:
    """A detached method names its customer no more, and never gets another: it is gone for the one it had.

    https://docs.stripe.com/api/payment_methods/detach
    """
    former = reference(record(record(event, "data"), "previous_attributes"), "customer")
    return {**data, "customer": data.get("customer") or former}


def _read_invoice(invoice: Json, *, failed: bool) -> Reading:
    customer = reference(invoice, "customer")
    return Reading(facts=[PaymentFact(customer, failed)]) if customer else Reading()


def _settled_payments(event: Json, data: Json) -> list[Fact]:
    """Stripe clears ``delinquent`` also where no invoice was paid, for example when one is written off."""
    if data.get("object") != "customer" or data.get("delinquent") is not False:
        return []
    before = record(record(event, "data"), "previous_attributes")
    settled = before.get("delinquent") is True
    return [PaymentFact(required_text(data, "id"), payment_failed=False)] if settled else []


def _read_thin_event(event: Json) -> Reading:
    """A thin event names an object and says nothing about it: it is read from Stripe, or its customer is.

    What hangs on a customer or a subscription may have no id of its own: https://docs.stripe.com/api/discounts
    """
    related = record(event, "related_object")
    if not related:
        return Reading()
    if holder := _HOLDER.match(text(related, "url", 2048) or ""):
        return _thin(holder[1], holder[2])
    object_type = required_text(related, "type").removeprefix("v1.")
    object_type = "price" if object_type == "plan" else object_type
    return _thin(object_type, required_text(related, "id")) if object_type in _FETCHABLE else Reading()


def _thin(object_type: str, stripe_id: str) -> Reading:
    return Reading(doubts=[Doubt(object_type, stripe_id, "thin event")])
