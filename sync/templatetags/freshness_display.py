"""How current a connection is, on pages of the layer below, which must not import this one."""

from datetime import timedelta
from typing import Any

from django import template

from connector.models import Connection
from sync.freshness import failed_events, read_freshness

register = template.Library()


@register.inclusion_tag("sync/freshness.html")
def real_time_events(connection: Connection) -> dict[str, Any]:
    """The card with the connection's badge, its figures and the newest parked events."""
    return describe(connection)


def describe(connection: Connection) -> dict[str, Any]:
    """What ``sync/freshness.html`` shows, for the page and for whoever asks for it again."""
    found = read_freshness(connection)
    kind, text = found.badge
    return {
        "connection": connection,
        "freshness": found,
        "badge": {"kind": kind, "text": text},
        "failed_events": failed_events(connection) if found.failed else [],
    }


@register.filter
def duration(seconds: float | timedelta | None) -> str:
    """``0.18 s``, ``4.2 s``, ``3 min``, ``5 h``, ``6 days``; a dash for None. The space does not break."""
    if seconds is None:
        return "—"
    value = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    if value < 90:
        return f"{value:.{2 if value < 1 else 1 if value < 10 else 0}f}\xa0s"
    if value < 90 * 60:
        return f"{value / 60:.0f}\xa0min"
    if value < 48 * 3600:
        return f"{value / 3600:.0f}\xa0h"
    return f"{value / 86_400:.0f}\xa0days"
