"""How traits and their sources read on a page."""

from datetime import UTC, date, datetime
from typing import Any

from django import template

from sync.projection_sql import TIME_TRAITS, TRAIT_NAMES

register = template.Library()


@register.filter
def trait_value(value: Any) -> str:
    """A trait as a person reads it."""
    match value:
        case None:
            return "—"
        case bool():
            return "true" if value else "false"
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        case date():
            return value.isoformat()
        case _:
            return str(value)


@register.filter
def former_value(value: Any, name: str) -> str:
    """A value of the history, where times are epoch seconds."""
    if name in TIME_TRAITS and isinstance(value, int):
        return trait_value(datetime.fromtimestamp(value, UTC))
    return trait_value(value)


@register.filter
def in_trait_order(changes: dict[str, Any]) -> list[tuple[str, Any]]:
    """The changes of one moment in the order of the product guide, whatever order the database keeps them in."""
    return sorted(changes.items(), key=lambda change: TRAIT_NAMES.index(change[0]))


@register.filter
def source_label(source: dict[str, Any]) -> str:
    """What set a trait, in a few words."""
    match source:
        case {"event": event, "type": event_type}:
            return f"{event_type} ({event})"
        case {"request": request}:
            return f"Read from Stripe ({request})" if request else "Read from Stripe"
        case {"run": run}:
            return f"Sync run {str(run)[:8]}"
        case {"product": stripe_id} | {"coupon": stripe_id}:
            return f"New name of {stripe_id}"
        case _:
            return "—"
