"""Amounts as their reader writes them, from minor units as Stripe counts them."""

from decimal import Decimal

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import translation

from sync.reader_locale import current_locale, note_accepted_languages
from sync.wording import amount_in_words


def read_with(accepted: str, minor_units: Decimal | int, currency: str) -> str:
    """The amount as a request with this ``Accept-Language`` would see it."""

    def view(_: HttpRequest) -> HttpResponse:
        return HttpResponse(amount_in_words(minor_units, currency))

    request = RequestFactory().get("/", headers={"Accept-Language": accepted} if accepted else {})
    response = note_accepted_languages(view)(request)
    assert response["Vary"] == "Accept-Language"
    text: str = response.content.decode()
    return text


@pytest.mark.parametrize(
    ("minor_units", "currency", "words"),
    [
        (2000, "usd", "$20"),
        (2050, "usd", "$20.50"),
        (-123_456, "eur", "-€1,234.56"),
        (0, "gbp", "£0"),
        (Decimal("0.5"), "usd", "$0.005"),  # a price by unit_amount_decimal
        (Decimal("1050.000000000000"), "usd", "$10.50"),  # as the database gives it
        (500, "jpy", "¥500"),
        (1500, "krw", "₩1,500"),
        (1250, "kwd", "KWD\u00a01.250"),
        (5000, "bhd", "BHD\u00a05"),
        (500, "isk", "ISK\u00a05"),  # no decimals any more, but Stripe still counts hundredths
        (500, "ugx", "UGX\u00a05"),
        (10_050, "huf", "HUF\u00a0100.50"),
    ],
)
def test_it_reads_minor_units_as_stripe_counts_them(minor_units: Decimal | int, currency: str, words: str) -> None:
    assert read_with("", minor_units, currency) == words


@pytest.mark.parametrize(
    ("accepted", "minor_units", "currency", "words"),
    [
        ("en-US,en;q=0.9", 123_450, "usd", "$1,234.50"),
        ("en-GB", 123_450, "usd", "US$1,234.50"),
        ("de-DE,de;q=0.9,en;q=0.8", 123_450, "eur", "1.234,50\u00a0€"),
        ("fr-CA", 2000, "usd", "20\u00a0$\u00a0US"),
        ("ja", 500, "jpy", "\uffe5500"),
        ("en;q=0.5, de;q=0.9", 2050, "usd", "20,50\u00a0$"),
        ("xx-YY", 2000, "usd", "$20"),
        ("*", 2000, "usd", "$20"),
        ("<script>;;,q=", 2000, "usd", "$20"),
        ("de" * 5000, 2000, "usd", "$20"),
    ],
)
def test_it_follows_the_reader(accepted: str, minor_units: int, currency: str, words: str) -> None:
    assert read_with(accepted, minor_units, currency) == words


def test_it_prefers_a_language_that_the_host_has_activated() -> None:
    with translation.override("de"):
        assert read_with("fr", 123_450, "eur") == "1.234,50\u00a0€"


def test_it_forgets_a_reader_after_the_request() -> None:
    read_with("de", 2000, "eur")

    assert current_locale().language == "en"
