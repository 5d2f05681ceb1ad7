"""Whether a coupon or promotion code can come off what is to be bought: as a filter of rows, and of one row in words.

https://docs.stripe.com/api/coupons/object and https://docs.stripe.com/api/promotion_codes/object
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Q, QuerySet

from connector.models import Connection
from sync.models import Coupon, PromotionCode
from sync.wording import amount_in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountUse:
    """What a discount is to come off: any of these products, in any of these currencies.

    ``amounts`` maps each currency to the most that an invoice can come to (minor units, None where that is not
    known). Without products or currencies nothing is known of them, and nothing is ruled out. ``is_first`` says
    that it can be the customer's first use.
    """

    products: frozenset[str] = frozenset()
    amounts: Mapping[str, Decimal | None] = field(default_factory=dict)
    is_first: bool = True


def coupons_that_fit(use: DiscountUse) -> Q:
    """A filter of ``Coupon``."""
    fitting = Q()
    if use.amounts:
        in_currency = Q(currency__in=list(use.amounts)) | Q(currency_options__has_any_keys=list(use.amounts))
        fitting &= Q(amount_off__isnull=True) | in_currency
    if use.products:
        for_all = Q(applies_to_products__isnull=True) | Q(applies_to_products=[])
        fitting &= for_all | Q(applies_to_products__has_any_keys=list(use.products))
    return fitting


def codes_that_fit(connection: Connection, use: DiscountUse) -> Q:
    """A filter of ``PromotionCode``: the code's own restrictions, and its coupon's.

    A minimum is compared only where the plan has one currency: in others the code can have minima of their own.
    https://docs.stripe.com/api/promotion_codes/object#promotion_code_object-restrictions-currency_options
    """
    fitting = Q()
    for currency, amount in use.amounts.items():
        if amount is not None and len(use.amounts) == 1:
            is_too_high = Q(minimum_amount__gt=amount, minimum_amount_currency=currency)
            fitting &= Q(minimum_amount__isnull=True) | Q(minimum_amount_currency__isnull=True) | ~is_too_high
    if use.amounts or use.products:
        fitting &= Q(coupon__isnull=True) | Q(coupon__in=_fitting_coupons(connection, use))
    return fitting


def _fitting_coupons(connection: Connection, use: DiscountUse) -> QuerySet[Coupon, str]:
    coupons = Coupon.objects.filter(coupons_that_fit(use), connection=connection)
    return coupons.values_list("stripe_id", flat=True)


def why_coupon_does_not_fit(coupon: Coupon, use: DiscountUse) -> str:
    """A sentence for the person who chose it, empty where it fits."""
    currencies = {coupon.currency, *(coupon.currency_options or {})}
    if coupon.amount_off is not None and use.amounts and currencies.isdisjoint(use.amounts):
        return (
            f"The coupon takes off an amount in {_listed(currencies)}, "
            f"but the plan is billed in {_listed(set(use.amounts))}."
        )
    limited_to = set(coupon.applies_to_products or [])
    if limited_to and use.products and limited_to.isdisjoint(use.products):
        return "The coupon is limited to other products than the plan's."
    return ""


def why_code_does_not_fit(code: PromotionCode, coupon: Coupon | None, use: DiscountUse) -> str:
    """A sentence for the person who chose it, empty where it fits."""
    most = use.amounts.get(code.minimum_amount_currency or "") if len(use.amounts) == 1 else None
    if most is not None and code.minimum_amount is not None and most < code.minimum_amount:
        least = amount_in_words(code.minimum_amount, code.minimum_amount_currency or "")
        return f"The promotion code needs a purchase of at least {least}."
    why_not = why_coupon_does_not_fit(coupon, use) if coupon else ""
    return why_not.replace("The coupon", "The promotion code's coupon", 1)


def _listed(currencies: set[str | None]) -> str:
    return " or ".join(sorted(currency.upper() for currency in currencies if currency))
