"""Whether a coupon or promotion code can be redeemed, and the ``discounts`` that give it.

https://docs.stripe.com/billing/subscriptions/coupons
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from actions.catalogue import find_entry
from actions.definition import Click
from actions.outcomes import NotAllowedError
from actions.stripe_state import Item, Subscription, coupon_ids, discount_ids, items_of, reference_id
from actions.wording import amount_in_words
from sync.models import Coupon, Price, PromotionCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What a discount would apply to. ``total`` is one period's full price in minor units of ``currency``, None
    where it is not known beforehand: tiers, or an amount in another of a plan's currencies.
    """

    currency: str
    products: frozenset[str]
    total: Decimal | None


def purchase_of(subscription: Subscription) -> Purchase:
    """The subscription as it is."""
    return _purchase(subscription["currency"], [_entry(item) for item in items_of(subscription)])


def purchase_after(subscription: Subscription, item: Item, price: Price, quantity: int | None) -> Purchase:
    """The subscription once that item has that price."""
    kept = [_entry(other) for other in items_of(subscription) if other["id"] != item["id"]]
    return _purchase(subscription["currency"], [*kept, _entry_of_plan(price, quantity)])


def purchase_of_plan(price: Price, quantity: int | None, *, currency: str) -> Purchase:
    """A new subscription to the plan."""
    return _purchase(currency, [_entry_of_plan(price, quantity)])


_Entry = tuple[str, str, Decimal | None]  # product, currency, amount


def _entry(item: Item) -> _Entry:
    price, amount = item["price"], item["price"].get("unit_amount")
    whole = None if amount is None else Decimal(amount) * (item.get("quantity") or 0)
    return reference_id(price["product"]), price["currency"], whole


def _entry_of_plan(price: Price, quantity: int | None) -> _Entry:
    count = 0 if price.usage_type == "metered" else quantity or 1
    return price.product, price.currency, None if price.unit_amount is None else price.unit_amount * count


def _purchase(currency: str, entries: Sequence[_Entry]) -> Purchase:
    amounts = [amount if of_currency == currency else None for _, of_currency, amount in entries]
    known = [amount for amount in amounts if amount is not None]
    total = sum(known, Decimal()) if len(known) == len(amounts) else None
    return Purchase(currency=currency, products=frozenset(product for product, _, _ in entries), total=total)


def redeemable(click: Click, purchase: Purchase) -> dict[str, str] | None:
    """The discount that the click's parameters give, as Stripe takes it; None without one.

    Raises ``NotAllowedError``, ``StripeError``.
    """
    coupon, code = click.parameters.get("coupon"), click.parameters.get("promotion_code")
    if coupon:
        _check_coupon(click, coupon, purchase)
        return {"coupon": coupon}
    if code:
        _check_code(click, code, purchase)
        return {"promotion_code": code}
    return None


def chosen_coupon(click: Click) -> str | None:
    """The coupon that the click's parameters come to, whether or not it can be redeemed."""
    coupon, code = click.parameters.get("coupon"), click.parameters.get("promotion_code")
    if coupon or not code:
        return coupon
    found = find_entry(PromotionCode, connection=click.connection, stripe_id=code, gateway=click.gateway)
    return found.coupon if found else None


def _check_coupon(click: Click, coupon_id: str, purchase: Purchase) -> None:
    coupon = find_entry(Coupon, connection=click.connection, stripe_id=coupon_id, gateway=click.gateway)
    if coupon is None:
        raise NotAllowedError("coupon_gone", "The coupon is no longer at Stripe. Choose another one.")
    if coupon.redeem_by is not None and coupon.redeem_by.timestamp() <= click.now:
        raise NotAllowedError("coupon_expired", "The coupon can no longer be redeemed: its last day is over.")
    used_up = coupon.max_redemptions is not None and coupon.times_redeemed >= coupon.max_redemptions
    if used_up or not coupon.valid:
        raise NotAllowedError("coupon_used_up", "The coupon can no longer be redeemed: it has been used up.")
    currencies = {coupon.currency, *(coupon.currency_options or {})}
    if coupon.amount_off is not None and purchase.currency not in currencies:
        raise NotAllowedError(
            "coupon_currency",
            f"The coupon takes off an amount in {(coupon.currency or '').upper()}, "
            f"the subscription is billed in {purchase.currency.upper()}.",
        )
    if coupon.applies_to_products and not purchase.products & set(coupon.applies_to_products):
        raise NotAllowedError("coupon_product", "The coupon is limited to other products than the subscription's.")


def _check_code(click: Click, code_id: str, purchase: Purchase) -> None:
    code = find_entry(PromotionCode, connection=click.connection, stripe_id=code_id, gateway=click.gateway)
    if code is None:
        raise NotAllowedError("code_gone", "The promotion code is no longer at Stripe. Choose another one.")
    if code.expires_at is not None and code.expires_at <= datetime.fromtimestamp(click.now, UTC):
        raise NotAllowedError("code_expired", "The promotion code has expired.")
    if code.max_redemptions is not None and code.times_redeemed >= code.max_redemptions:
        raise NotAllowedError("code_used_up", "The promotion code has been used up.")
    if not code.active:
        raise NotAllowedError("code_inactive", "The promotion code is switched off at Stripe.")
    if code.customer and code.customer != click.customer:
        raise NotAllowedError("code_customer", "The promotion code belongs to another customer.")
    if code.first_time_transaction and any(_has_paid(one) for one in click.subscriptions):
        raise NotAllowedError("code_first_time", "The promotion code is for a customer's first purchase only.")
    _check_minimum(code, purchase)
    if code.coupon:
        _check_coupon(click, code.coupon, purchase)


def _has_paid(subscription: Subscription) -> bool:
    """Whether it surely has: one that never was on trial starts with a payment, one whose trial is over goes on with
    one. In every other case Stripe, who sees the invoices, is to say.
    """
    if subscription["collection_method"] == "send_invoice":
        return False
    if subscription["trial_end"] is None:
        return subscription["status"] not in {"incomplete", "incomplete_expired"}
    return bool(subscription["status"] == "active")


def _check_minimum(code: PromotionCode, purchase: Purchase) -> None:
    """A minimum in another currency may have a counterpart that only Stripe knows."""
    if not code.minimum_amount or code.minimum_amount_currency != purchase.currency or purchase.total is None:
        return
    if purchase.total < code.minimum_amount:
        minimum = amount_in_words(code.minimum_amount, purchase.currency)
        raise NotAllowedError("code_minimum", f"The promotion code needs a purchase of at least {minimum}.")


@dataclass(frozen=True, slots=True)
class Held:
    """A discount that the subscription has, or inherits from its customer."""

    id: str
    coupon: str


def held_discounts(click: Click, subscription: Subscription) -> list[Held]:
    """What reduces the subscription's invoices now: its own discounts, else its customer's.

    The first discount of its own silences the customer's, so whoever adds one carries that over.
    """
    own = [Held(*pair) for pair in zip(discount_ids(subscription), coupon_ids(subscription), strict=True)]
    if own:
        return own
    of_customer = click.gateway.retrieve_customer(click.customer).data.get("discount")
    return [Held(of_customer["id"], _coupon_of(of_customer))] if of_customer else []


def _coupon_of(discount: dict[str, Any]) -> str:
    return reference_id((discount.get("source") or {}).get("coupon"))


def with_new(held: Sequence[Held], new: dict[str, str]) -> list[dict[str, Any]]:
    """Every discount by its own id, and the new one. A list replaces what is there, and naming a present discount by
    its coupon would mint it anew.
    """
    return [*({"discount": one.id} for one in held), new]
