"""Apply stored events again: those that were parked, or any others. The guard makes it harmless."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Case, F, QuerySet, When
from django.db.models.functions import Now

from sync.models import StripeEvent


def find_events(
    *,
    app_id: UUID | None = None,
    event_ids: Collection[str] = (),
    types: Collection[str] = (),
    states: Collection[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[StripeEvent]:
    """Stored events that still have their payload; every filter narrows, ``since`` and ``until`` by ``created``."""
    found = StripeEvent.objects.filter(payload__isnull=False)
    if app_id:
        found = found.filter(connection__app_id=app_id)
    if event_ids:
        found = found.filter(event_id__in=event_ids)
    if types:
        found = found.filter(type__in=types)
    if states:
        found = found.filter(state__in=states)
    if since:
        found = found.filter(created__gte=since)
    if until:
        found = found.filter(created__lt=until)
    return found


def put_back(events: QuerySet[StripeEvent]) -> int:
    """Put events back into the inbox, due at once, with all their attempts. Returns how many.

    ``applied_at`` stays the first time: to be applied again is no lag.
    """
    was_applied = Case(When(state=StripeEvent.State.APPLIED, then=F("applied_at")))
    return events.update(
        state=StripeEvent.State.RECEIVED, attempts=0, error="", not_before=Now(), applied_at=was_applied
    )
