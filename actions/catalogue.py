"""What the mirrored catalogue says about the plan, coupon or code that an action is about to use."""

from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from actions.outcomes import NotAllowedError
from actions.stripe_state import Subscription, coupon_ids, items_of
from actions.wording import amount_in_words, plan_in_words
from connector.errors import StripeError
from connector.models import Connection
from connector.prepared import Prepared, given
from connector.stripe_gateway import StripeGateway
from sync.models import Coupon, Price, Product, PromotionCode
from sync.models.mirrors import Mirrored
from sync.observations import apply_objects

_Entry = TypeVar("_Entry", bound=Mirrored)
_RESOURCES: dict[type[Mirrored], tuple[str, tuple[str, ...]]] = {
    Price: ("prices", ("product", "currency_options")),
    Coupon: ("coupons", ("applies_to",)),
    PromotionCode: ("promotion_codes", ("promotion.coupon",)),
}


def find_entry(model: type[_Entry], *, connection: Connection, stripe_id: str) -> _Entry | None:
    """The price, coupon or promotion code: from the mirror, else from Stripe, and then it is mirrored.

    None where Stripe does not have it either. Raises ``StripeError``.
    """
    found = _mirrored(model).first(connection=connection.id, stripe_id=stripe_id)
    if found is None and _read_entry(model, connection, stripe_id):
        found = _mirrored(model).first(connection=connection.id, stripe_id=stripe_id)
    return None if found is None or found.deleted else found


@cache
def _mirrored(model: type[_Entry]) -> Prepared[_Entry]:
    rows = model._default_manager  # noqa: SLF001  the documented way to any model's rows
    return Prepared(lambda: rows.filter(connection_id=given("connection"), stripe_id=given("stripe_id")))


def _read_entry(model: type[Mirrored], connection: Connection, stripe_id: str) -> bool:
    resource, expand = _RESOURCES[model]
    try:
        fetched = StripeGateway(connection, priority="click").retrieve(resource, stripe_id, expand=expand)
    except StripeError as error:
        if error.http_status == 404:
            return False
        raise
    source = {"request": fetched.request_id}
    apply_objects(connection=connection, objects=[fetched.data], rank=fetched.rank, source=source)
    return True


def usable_price(connection: Connection, price_id: str, *, currency: str | None) -> Price:
    """The price, if it can be bought in that currency (any where None). Raises ``NotAllowedError``."""
    price = find_entry(Price, connection=connection, stripe_id=price_id)
    if price is None:
        raise NotAllowedError("plan_gone", "The plan is no longer at Stripe. Choose another one in the prompt.")
    if not price.active or price.interval is None:
        raise NotAllowedError("plan_inactive", "The plan is archived at Stripe. Choose another one in the prompt.")
    if currency and currency != price.currency and currency not in (price.currency_options or {}):
        raise NotAllowedError(
            "currency_mismatch",
            f"The plan is priced in {price.currency.upper()}, this customer pays in {currency.upper()}. "
            "Stripe allows one currency per customer.",
        )
    return price


def plan_name(connection: Connection, price: Price) -> str:
    """``Pro, $20 a month``."""
    product = _mirrored(Product).first(connection=connection.id, stripe_id=price.product)
    return plan_in_words(price, product)


def usable_coupon(
    connection: Connection, coupon_id: str, *, subscription: Subscription | None, now: int
) -> Coupon:
    """The coupon, if it can be redeemed on this subscription now. Raises ``NotAllowedError``."""
    coupon = find_entry(Coupon, connection=connection, stripe_id=coupon_id)
    if coupon is None:
        raise NotAllowedError("coupon_gone", "The coupon is no longer at Stripe. Choose another one.")
    expired = coupon.redeem_by is not None and coupon.redeem_by.timestamp() <= now
    used_up = coupon.max_redemptions is not None and coupon.times_redeemed >= coupon.max_redemptions
    if expired:
        raise NotAllowedError("coupon_expired", "The coupon can no longer be redeemed: its last day is over.")
    if used_up or not coupon.valid:
        raise NotAllowedError("coupon_used_up", "The coupon can no longer be redeemed: it has been used up.")
    if subscription:
        _check_coupon_fits(coupon, subscription)
    return coupon


def _check_coupon_fits(coupon: Coupon, subscription: Subscription) -> None:
    if coupon.amount_off is not None and coupon.currency != subscription["currency"]:
        raise NotAllowedError(
            "coupon_currency",
            f"The coupon takes off an amount in {(coupon.currency or '').upper()}, "
            f"the subscription is billed in {subscription['currency'].upper()}.",
        )
    products = {item["price"]["product"] for item in items_of(subscription)}
    if coupon.applies_to_products and not products & set(coupon.applies_to_products):
        raise NotAllowedError("coupon_product", "The coupon is limited to other products than the subscription's.")


def usable_promotion_code(
    connection: Connection, code_id: str, *, customer: str, subscription: Subscription | None, now: int
) -> PromotionCode:
    """The promotion code, if this customer can redeem it now. Raises ``NotAllowedError``."""
    code = find_entry(PromotionCode, connection=connection, stripe_id=code_id)
    if code is None:
        raise NotAllowedError("code_gone", "The promotion code is no longer at Stripe. Choose another one.")
    _check_code_open(code, customer=customer, now=now)
    if code.first_time_transaction and subscription is not None:
        raise NotAllowedError("code_first_time", "The promotion code is for a customer's first purchase only.")
    if code.minimum_amount and subscription is not None:
        _check_minimum(code, subscription)
    if code.coupon:
        usable_coupon(connection, code.coupon, subscription=subscription, now=now)
    return code


def _check_code_open(code: PromotionCode, *, customer: str, now: int) -> None:
    if not code.active:
        raise NotAllowedError("code_inactive", "The promotion code is switched off at Stripe.")
    if code.expires_at is not None and code.expires_at <= datetime.fromtimestamp(now, UTC):
        raise NotAllowedError("code_expired", "The promotion code has expired.")
    if code.max_redemptions is not None and code.times_redeemed >= code.max_redemptions:
        raise NotAllowedError("code_used_up", "The promotion code has been used up.")
    if code.customer and code.customer != customer:
        raise NotAllowedError("code_customer", "The promotion code belongs to another customer.")


def _check_minimum(code: PromotionCode, subscription: Subscription) -> None:
    total = sum(
        (item["price"].get("unit_amount") or 0) * (item.get("quantity") or 1) for item in items_of(subscription)
    )
    if total < (code.minimum_amount or 0) or code.minimum_amount_currency not in {None, subscription["currency"]}:
        minimum = amount_in_words(code.minimum_amount or 0, code.minimum_amount_currency or "")
        raise NotAllowedError("code_minimum", f"The promotion code needs a purchase of at least {minimum}.")


def appended_discounts(
    subscription: Subscription, customer_discount: str | None, new: dict[str, str]
) -> list[dict[str, Any]]:
    """Every live discount by its own id, plus the new one.

    A populated array replaces what is there, and naming an existing discount by its coupon would mint it
    anew. A subscription without own discounts gets the customer's; its first own discount would silence that
    one, so it is carried over: https://docs.stripe.com/billing/subscriptions/coupons
    """
    live = [
        discount if isinstance(discount, str) else discount["id"] for discount in subscription["discounts"] or []
    ]
    if not live and customer_discount:
        live = [customer_discount]
    return [*({"discount": discount} for discount in live), new]


def has_coupon(subscription: Subscription, coupon_id: str) -> bool:
    return coupon_id in coupon_ids(subscription)
