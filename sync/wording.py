"""Amounts, plans and coupons in plain words."""

from decimal import Decimal

from sync.models import Coupon, Price, Product

# https://docs.stripe.com/currencies#zero-decimal and #three-decimal
ZERO_DECIMAL = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split()  # noqa: SIM905  one line, as Stripe lists them
)
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def amount_in_words(minor_units: Decimal | float, currency: str) -> str:
    """``(2050, "usd")`` → ``$20.50``; whole amounts lose their zeros: ``(2000, "usd")`` → ``$20``."""
    digits = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    amount = Decimal(str(minor_units)).scaleb(-digits)
    sign, amount = ("-" if amount < 0 else ""), abs(amount)
    number = f"{amount:,.{digits}f}" if amount % 1 else f"{amount:,.0f}"
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{number} {currency.upper()}"


def interval_in_words(interval: str | None, count: int | None) -> str:
    """``("month", 1)`` → ``a month``, ``("month", 3)`` → ``every 3 months``."""
    if not interval:
        return "once"
    return (
        f"a{'n' if interval[0] in 'aeiou' else ''} {interval}"
        if (count or 1) == 1
        else f"every {count} {interval}s"
    )


def plan_in_words(price: Price, product: Product | None) -> str:
    """``Pro, $20 a month``."""
    name = (product.name if product else "") or price.nickname or price.stripe_id
    if price.usage_type == "metered":
        terms = f"billed by usage {interval_in_words(price.interval, price.interval_count)}"
    elif price.unit_amount is None:
        terms = f"tiered {interval_in_words(price.interval, price.interval_count)}"
    else:
        amount = amount_in_words(price.unit_amount, price.currency)
        terms = f"{amount} {interval_in_words(price.interval, price.interval_count)}"
    return f"{name}, {terms}"


def coupon_in_words(coupon: Coupon) -> str:
    """``Loyalty (20% off for 3 months)``."""
    if coupon.percent_off is not None:
        off = f"{coupon.percent_off.normalize():f}% off"
    else:
        off = f"{amount_in_words(coupon.amount_off or 0, coupon.currency or '')} off"
    spans = {"once": "once", "forever": "forever", "repeating": f"for {coupon.duration_in_months} months"}
    return f"{coupon.name or coupon.stripe_id} ({off} {spans.get(coupon.duration, coupon.duration)})"
