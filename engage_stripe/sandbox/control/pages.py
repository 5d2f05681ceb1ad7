"""Rendering of the sandbox's few HTML pages."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATES = Path(__file__).parent / "templates"
# https://docs.stripe.com/currencies#zero-decimal without UGX, which is counted in hundredths (#special-cases)
ZERO_DECIMAL = frozenset(
    [
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    ]
)
_TONES = {
    **dict.fromkeys(("active", "trialing", "delivered"), "good"),
    **dict.fromkeys(("canceled", "incomplete_expired", "abandoned"), "ended"),
    **dict.fromkeys(("past_due", "incomplete", "paused", "withheld", "scheduled", "queued"), "warn"),
}
_environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)


def render_page(name: str, **context: Any) -> str:
    """Return the template `name` filled with `context`."""
    return _environment.get_template(name).render(context)


def tone(state: str) -> str:
    """Return the colour class of a status; the word itself always stands beside the colour."""
    return _TONES.get(state, "bad")


def money(amount: int | None, currency: str) -> str:
    """Return `USD 19.00` for 1900 of usd, `JPY 1,900` for 1900 of jpy; `-` for prices in tiers."""
    if amount is None:
        return "-"
    if currency in ZERO_DECIMAL:
        return f"{currency.upper()} {amount:,}"
    return f"{currency.upper()} {amount / 100:,.2f}"


def moment(seconds: int | None) -> str:
    """Return `2026-11-23 01:15` (UTC) for epoch seconds."""
    return "-" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


_environment.filters.update(money=money, moment=moment, tone=tone)
