"""Stripe's documented test cards and the ready-made payment methods and tokens that stand for them.

https://docs.stripe.com/testing. Every `pm_card_X` has a `tok_X`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TestCard:
    """What the number tells."""

    number: str
    brand: str = "visa"
    country: str = "US"
    funding: str = "credit"

    @property
    def last4(self) -> str:
        """The digits that the API shows and that decide how a charge ends."""
        return self.number[-4:]


_BRANDS = {
    "visa": TestCard("4242424242424242"),
    "visa_debit": TestCard("4000056655665556", funding="debit"),
    "mastercard": TestCard("5555555555554444", "mastercard"),
    "mastercard_debit": TestCard("5200828282828210", "mastercard", funding="debit"),
    "mastercard_prepaid": TestCard("5105105105105100", "mastercard", funding="prepaid"),
    "amex": TestCard("378282246310005", "amex"),
    "discover": TestCard("6011111111111117", "discover"),
    "diners": TestCard("3056930009020004", "diners"),
    "jcb": TestCard("3566002020360505", "jcb", "JP"),
    "unionpay": TestCard("6200000000000005", "unionpay", "CN"),
}
_COUNTRIES = {
    "us": TestCard("4242424242424242"),
    "ca": TestCard("4000001240000000", country="CA"),
    "mx": TestCard("4000004840008001", country="MX"),
    "de": TestCard("4000002760000016", country="DE"),
    "fr": TestCard("4000002500000003", country="FR"),
    "gb": TestCard("4000008260000000", country="GB"),
    "es": TestCard("4000007240000007", country="ES"),
    "au": TestCard("4000000360000006", country="AU"),
    "jp": TestCard("4000003920000003", country="JP"),
    "in": TestCard("4000003560000008", country="IN"),
}
_FAILURES = {
    "visa_chargeDeclined": TestCard("4000000000000002"),
    "visa_chargeDeclinedInsufficientFunds": TestCard("4000000000009995"),
    "visa_chargeDeclinedLostCard": TestCard("4000000000009987"),
    "visa_chargeDeclinedStolenCard": TestCard("4000000000009979"),
    "visa_chargeDeclinedVelocityLimitExceeded": TestCard("4000000000006975"),
    "chargeDeclined": TestCard("4000000000000002"),
    "chargeDeclinedExpiredCard": TestCard("4000000000000069"),
    "chargeDeclinedIncorrectCvc": TestCard("4000000000000127"),
    "chargeDeclinedProcessingError": TestCard("4000000000000119"),
    "chargeCustomerFail": TestCard("4000000000000341"),
}
_AUTHENTICATION = {
    "authenticationRequired": TestCard("4000002760003184"),
    "authenticationRequiredOnSetup": TestCard("4000002500003155"),
    "authenticationRequiredSetupForOffSession": TestCard("4000003800000446"),
    "authenticationRequiredChargeDeclinedInsufficientFunds": TestCard("4000008260003178"),
    "threeDSecure2Required": TestCard("4000000000003220"),
    "threeDSecureRequired": TestCard("4000000000003063"),
}
_NAMED = _BRANDS | _COUNTRIES | _FAILURES | _AUTHENTICATION
_BY_NUMBER = {card.number: card for card in _NAMED.values()}
_PREFIXES = {"4": "visa", "5": "mastercard", "2": "mastercard", "34": "amex", "37": "amex"} | {
    "6011": "discover",
    "62": "unionpay",
    "35": "jcb",
    "30": "diners",
}


def ready_made(id: str) -> TestCard | None:
    """The card behind `pm_card_visa` or `tok_visa`; None for an ordinary id."""
    for prefix in ("pm_card_", "tok_"):
        if id.startswith(prefix):
            return _NAMED.get(id.removeprefix(prefix))
    return None


def of_number(number: str) -> TestCard | None:
    """The card with that number, a plain one of its brand when undocumented; None for a wrong number."""
    digits = number.replace(" ", "")
    if not digits.isdecimal() or not _passes_luhn(digits):
        return None
    brands = (_PREFIXES.get(digits[:length]) for length in (4, 2, 1))
    brand = next((brand for brand in brands if brand is not None), "unknown")
    return _BY_NUMBER.get(digits) or TestCard(digits, brand)


def _passes_luhn(digits: str) -> bool:
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(d // 10 + d % 10 for d in doubled)) % 10 == 0
