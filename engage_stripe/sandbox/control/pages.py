"""Rendering of the sandbox's few HTML pages."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATES = Path(__file__).parent / "templates"
_environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)


def render_page(name: str, **context: Any) -> str:
    """Return the template `name` filled with `context`."""
    return _environment.get_template(name).render(context)


def money(amount: int | None, currency: str) -> str:
    """Return `USD 19.00` for 1900 minor units of usd; currencies without minor units are not handled."""
    return "-" if amount is None else f"{currency.upper()} {amount / 100:,.2f}"


def moment(seconds: int | None) -> str:
    """Return `2026-11-23 01:15` (UTC) for epoch seconds."""
    return "-" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


_environment.filters.update(money=money, moment=moment)
