"""Amounts, plans and coupons in plain words."""

import re
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import NumberPattern, parse_pattern

from sync.models import Coupon, Price
from sync.reader_locale import current_locale

# How Stripe counts minor units, which is not how people write the currency: the Icelandic króna and the Ugandan
# shilling have no decimals, yet Stripe takes them in hundredths.
# https://docs.stripe.com/currencies#zero-decimal, #three-decimal and #special-cases
ZERO_DECIMAL = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()  # noqa: SIM905  one line, as Stripe lists them
)
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
_LETTER_BESIDE_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


def decimals_of(currency: str) -> int:
    """How many digits of an amount at Stripe are behind the decimal point."""
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def amount_in_words(minor_units: Decimal | float, currency: str) -> str:
    """``(2050, "usd")`` → ``$20.50``, in the reader's locale; whole amounts lose their zeros: ``$20``."""
    return _in_words(minor_units, currency, current_locale())


@lru_cache(maxsize=4096)
def _in_words(minor_units: Decimal | float, currency: str, locale: Locale) -> str:
    amount = Decimal(str(minor_units)).scaleb(-decimals_of(currency))
    pattern = _pattern(locale, _digits_to_show(amount, decimals_of(currency)))
    text = pattern.apply(amount, locale, currency=currency.upper(), currency_digits=False)
    return _LETTER_BESIDE_DIGIT.sub("\u00a0", text)


@lru_cache(maxsize=256)
def _pattern(locale: Locale, digits: int) -> NumberPattern:
    pattern: NumberPattern = parse_pattern(locale.currency_formats["standard"].pattern)
    pattern.frac_prec = (digits, digits)
    return pattern


def _digits_to_show(amount: Decimal, usual: int) -> int:
    """None of a whole amount, all of one with fractions of a cent."""
    exponent = amount.normalize().as_tuple().exponent
    behind = -exponent if isinstance(exponent, int) else 0
    return max(usual, behind) if behind > 0 else 0


def interval_in_words(interval: str | None, count: int | None) -> str:
    """``("month", 1)`` → ``a month``, ``("month", 3)`` → ``every 3 months``."""
    if not interval:
        return "once"
    return (
        f"a{'n' if interval[0] in 'aeiou' else ''} {interval}"
        if (count or 1) == 1
        else f"every {count} {interval}s"
    )


def plan_in_words(price: Price, product: str | None) -> str:
    """``Pro, $20 a month``; ``product`` is the name of the plan's."""
    name = product or price.nickname or price.stripe_id
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
    if coupon.percent_off is None and coupon.amount_off is None:
        return coupon.name or coupon.stripe_id  # it was gone before anybody told us more
    if coupon.percent_off is not None:
        off = f"{coupon.percent_off.normalize():f}% off"
    else:
        off = f"{amount_in_words(coupon.amount_off or 0, coupon.currency or '')} off"
    spans = {"once": "once", "forever": "forever", "repeating": f"for {coupon.duration_in_months} months"}
    return f"{coupon.name or coupon.stripe_id} ({off} {spans.get(coupon.duration, coupon.duration)})"
