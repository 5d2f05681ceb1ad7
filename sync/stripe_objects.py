"""Read a customer, and what hangs on one, in any API version since 2019-01. Pure: JSON in, facts out.

A shape that cannot be read, or a piece that is missing, is a doubt about the customer instead of a guess.
"""

from collections.abc import Callable
from typing import Any

from sync.catalogue_objects import READERS as CATALOGUE_READERS
from sync.catalogue_objects import number
from sync.facts import (
    CustomerFact,
    DiscountFact,
    Doubt,
    Json,
    PaymentMethodFact,
    Reading,
    SubscriptionFact,
)
from sync.json_fields import (
    UnreadableError,
    decimal_text,
    flag,
    listed,
    record,
    records,
    reference,
    required_flag,
    required_text,
    required_time,
    small,
    text,
    time,
)

_BRANDS = {"american express": "amex", "diners club": "diners"}
"""Cards of the Sources API have display names: https://docs.stripe.com/api/cards/object#card_object-brand"""


def is_known_kind(kind: Any) -> bool:
    return isinstance(kind, str) and kind in _READERS


def read_object(data: Json) -> Reading:
    """Everything one object says, with what is embedded in it. Objects of other types say nothing.

    Never raises: an unreadable object becomes a doubt about itself or its customer. An object that names neither
    raises ``UnreadableError``, as there is nothing to read again.
    """
    kind = data.get("object")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        return Reading()
    try:
        return reader(data)
    except UnreadableError as error:
        return Reading(doubts=[doubt_about(data, f"unreadable {error}")])


def doubt_about(data: Json, reason: str) -> Doubt:
    """What to read again instead of the object. ``UnreadableError`` where it names nobody."""
    kind = data.get("object")
    if isinstance(kind, str) and kind in CATALOGUE_READERS:
        return Doubt("price" if kind == "plan" else kind, required_text(data, "id"), reason)
    customer = required_text(data, "id") if kind == "customer" else reference(data, "customer")
    if customer:
        return Doubt("customer", customer, reason)
    raise UnreadableError("customer")


def read_customer(data: Json) -> Reading:
    """A customer, its discount, and the cards that versions before 2020-08-27 embed."""
    embedded = Reading()
    settings = record(data, "invoice_settings")
    parts = (data.get("discount"), data.get("default_source"), settings.get("default_payment_method"))
    for part in (*parts, *records(data, "sources")):
        if isinstance(part, dict):
            embedded.add(read_object(part))
    fact = CustomerFact(
        stripe_id=required_text(data, "id"),
        deleted=flag(data, "deleted") or False,
        email=text(data, "email", 512),
        created=time(data, "created"),
        currency=text(data, "currency", 3),
        delinquent=flag(data, "delinquent"),
        default_payment_method=reference(settings, "default_payment_method"),
        default_source=reference(data, "default_source"),
        discount=reference(data, "discount"),
    )
    embedded.facts.append(fact)
    return embedded


def read_subscription(data: Json) -> Reading:
    """A subscription with its items, and the discounts and payment methods that are embedded in it."""
    customer = reference(data, "customer") or ""
    if flag(data, "deleted"):
        gone = SubscriptionFact(required_text(data, "id"), customer, "canceled", created=0, deleted=True)
        return Reading(facts=[gone])
    reading = Reading(facts=[_subscription_fact(data)])
    for embedded in _embedded_in_subscription(data):
        reading.add(embedded)
    if record(data, "items").get("has_more"):
        reading.doubts.append(Doubt("customer", customer, "more items than listed"))
    if _period_is_ambiguous(data):
        reading.doubts.append(Doubt("customer", customer, "several billing intervals in an old shape"))
    return reading


def _subscription_fact(data: Json) -> SubscriptionFact:
    if data.get("items") is None:
        raise UnreadableError("items")  # every version has them; without them the plan would vanish
    items = [_item(item) for item in records(data, "items") if not flag(item, "deleted")]
    return SubscriptionFact(
        stripe_id=required_text(data, "id"),
        customer=reference(data, "customer") or required_text(data, "customer"),
        status=required_text(data, "status", 64),
        created=required_time(data, "created"),
        currency=text(data, "currency", 3),
        current_period_start=_period(data, items, "current_period_start"),
        current_period_end=_period(data, items, "current_period_end"),
        cancel_at=time(data, "cancel_at"),
        cancel_at_period_end=required_flag(data, "cancel_at_period_end"),
        canceled_at=time(data, "canceled_at"),
        ended_at=time(data, "ended_at"),
        trial_start=time(data, "trial_start"),
        trial_end=time(data, "trial_end"),
        collection_method=text(data, "collection_method", 32),
        billing_mode=text(record(data, "billing_mode"), "type", 32),
        collection_paused=text(record(data, "pause_collection"), "behavior", 32),
        schedule=reference(data, "schedule"),
        default_payment_method=reference(data, "default_payment_method"),
        default_source=reference(data, "default_source"),
        items=items,
        discounts=_discount_ids(data),
    )


def _item(item: Json) -> Json:
    """One subscription item; before 2020-08-27 its price is called ``plan``."""
    price = record(item, "price") or record(item, "plan")
    terms = record(price, "recurring") or price
    return {
        "id": required_text(item, "id"),
        "price": required_text(price, "id"),
        "product": reference(price, "product"),
        "quantity": small(item, "quantity", 2**53),
        "unit_amount": number(decimal_text(price, "unit_amount_decimal") or _whole_amount(price)),
        "currency": text(price, "currency", 3),
        "interval": text(terms, "interval", 16),
        "interval_count": small(terms, "interval_count"),
        "usage_type": text(terms, "usage_type", 16),
        "created": time(item, "created"),
        "current_period_start": time(item, "current_period_start"),
        "current_period_end": time(item, "current_period_end"),
    }


def _whole_amount(price: Json) -> str | None:
    """``unit_amount`` of a price, ``amount`` of a plan."""
    return decimal_text(price, "unit_amount") or decimal_text(price, "amount")


def _period(data: Json, items: list[Json], name: str) -> int | None:
    """The earliest of the items' periods; before 2025-03-31.basil the period is the subscription's own.

    https://docs.stripe.com/changelog/basil/2025-03-31/deprecate-subscription-current-period-start-and-end
    """
    known = [item[name] for item in items if item[name] is not None]
    return min(known) if known else time(data, name)


def _period_is_ambiguous(data: Json) -> bool:
    if data.get("current_period_end") is None:
        return False
    prices = [record(item, "price") or record(item, "plan") for item in records(data, "items")]
    terms = [record(price, "recurring") or price for price in prices]
    return len({(term.get("interval"), term.get("interval_count")) for term in terms}) > 1


def _discount_ids(data: Json) -> list[str]:
    """Ids or objects in ``discounts``; before 2025-03-31.basil one ``discount`` object."""
    ids = [reference({"discounts": one}, "discounts") for one in listed(data, "discounts")]
    single = reference(data, "discount")
    return [one for one in ids or [single] if one]


def _embedded_in_subscription(data: Json) -> list[Reading]:
    products = [record(item, "price").get("product") for item in records(data, "items")]
    discounts = (*listed(data, "discounts"), data.get("discount"))
    embedded = (*discounts, *_payment_defaults(data), *products)
    return [read_object(one) for one in embedded if isinstance(one, dict)]


def _payment_defaults(data: Json) -> list[Any]:
    return [data.get("default_payment_method"), data.get("default_source")]


def read_discount(data: Json) -> Reading:
    """A discount; since 2025-09-30.clover its coupon is in ``source`` and may be an id, before it is always the object.

    https://docs.stripe.com/changelog/clover/2025-09-30/add-discount-source-property
    """
    if flag(data, "deleted") and data.get("id") == "":
        return Reading()  # as in Stripe's sample objects: it names neither itself nor whose it was
    holder = record(data, "source") if data.get("coupon") is None else {"coupon": record(data, "coupon")}
    coupon = holder.get("coupon")
    fact = DiscountFact(
        stripe_id=required_text(data, "id"),
        deleted=flag(data, "deleted") or False,
        customer=reference(data, "customer"),
        subscription=reference(data, "subscription"),
        coupon=reference(holder, "coupon"),
        promotion_code=reference(data, "promotion_code"),
        start=time(data, "start"),
        end=time(data, "end"),
    )
    reading = Reading(facts=[fact])
    if isinstance(coupon, dict):
        reading.add(read_object(coupon))
    return reading


def read_payment_method(data: Json) -> Reading:
    """https://docs.stripe.com/api/payment_methods/object; ``card`` is there for cards only."""
    card = record(data, "card")
    return Reading(facts=[_payment_method_fact(data, text(data, "type", 64), card)])


def read_source(data: Json) -> Reading:
    """A source of the Sources API; one of type ``card`` keeps its card under that name."""
    return Reading(facts=[_payment_method_fact(data, text(data, "type", 64), record(data, "card"))])


def read_card(data: Json) -> Reading:
    """A card of the Sources API: https://docs.stripe.com/api/cards/object"""
    return Reading(facts=[_payment_method_fact(data, "card", data)])


def read_bank_account(data: Json) -> Reading:
    return Reading(facts=[_payment_method_fact(data, "bank_account", {})])


def _payment_method_fact(data: Json, kind: str | None, card: Json) -> PaymentMethodFact:
    brand = text(card, "brand", 64)
    lowered = brand.lower() if brand else None
    return PaymentMethodFact(
        stripe_id=required_text(data, "id"),
        deleted=flag(data, "deleted") or False,
        customer=reference(data, "customer"),
        type=kind,
        card_brand=_BRANDS.get(lowered, lowered) if lowered else None,
        card_country=text(card, "country", 2),
        card_exp_month=small(card, "exp_month", 12),
        card_exp_year=small(card, "exp_year", 9999),
        card_wallet_type=text(record(card, "wallet"), "type", 64) or text(card, "tokenization_method", 64),
    )


_READERS: dict[str, Callable[[Json], Reading]] = {
    "customer": read_customer,
    "subscription": read_subscription,
    "discount": read_discount,
    "payment_method": read_payment_method,
    "card": read_card,
    "source": read_source,
    "bank_account": read_bank_account,
    **CATALOGUE_READERS,
}
