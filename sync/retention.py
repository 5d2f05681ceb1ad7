"""What is kept for how long."""

from datetime import timedelta

from django.utils import timezone

from sync.models import StripeEvent, TraitHistory

PAYLOADS = timedelta(days=30)
HISTORY = timedelta(days=90)
_CHUNK = 5_000


def forget_old() -> None:
    """Drop payloads of settled events after 30 days (the rows stay: they recognise duplicates) and old history."""
    settled = StripeEvent.objects.filter(
        received_at__lt=timezone.now() - PAYLOADS,
        state__in=[StripeEvent.State.APPLIED, StripeEvent.State.IGNORED],
        payload__isnull=False,
    )
    while StripeEvent.objects.filter(id__in=list(settled.values_list("id", flat=True)[:_CHUNK])).update(
        payload=None
    ):
        pass
    old = TraitHistory.objects.filter(at__lt=timezone.now() - HISTORY)
    while TraitHistory.objects.filter(id__in=list(old.values_list("id", flat=True)[:_CHUNK])).delete()[0]:
        pass
