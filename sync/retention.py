"""What is kept for how long."""

from datetime import timedelta

from django.utils import timezone

from sync.models import RowError, StripeEvent, SyncRun, TraitHistory

PAYLOADS = timedelta(days=30)
HISTORY = timedelta(days=90)
CATALOGUE_RUNS = timedelta(days=7)
"""There is one every quarter of an hour."""
RUNS = timedelta(days=90)
"""The chart of drift shows thirty nights."""
_CHUNK = 5_000


def forget_old() -> None:
    """Drop payloads of settled events after 30 days (the rows stay: they recognise duplicates), and the rest."""
    _forget_payloads()
    _forget_history()
    _forget_runs()


def _forget_payloads() -> None:
    settled = StripeEvent.objects.filter(
        received_at__lt=timezone.now() - PAYLOADS,
        state__in=[StripeEvent.State.APPLIED, StripeEvent.State.IGNORED],
        payload__isnull=False,
    )
    while StripeEvent.objects.filter(id__in=list(settled.values_list("id", flat=True)[:_CHUNK])).update(
        payload=None
    ):
        pass


def _forget_history() -> None:
    old = TraitHistory.objects.filter(at__lt=timezone.now() - HISTORY)
    while TraitHistory.objects.filter(id__in=list(old.values_list("id", flat=True)[:_CHUNK])).delete()[0]:
        pass


def _forget_runs() -> None:
    """Of a file that may still lie at its source the run stays, without its lines: it tells that the file was had."""
    ended = SyncRun.objects.filter(finished_at__lt=timezone.now() - RUNS)
    of_source = ended.filter(identity_source__isnull=False)
    RowError.objects.filter(run__in=of_source).delete()
    ended = ended.exclude(pk__in=of_source.values("pk"))
    catalogue = SyncRun.objects.filter(
        kind=SyncRun.Kind.CATALOGUE, finished_at__lt=timezone.now() - CATALOGUE_RUNS
    )
    for old in (catalogue, ended):
        while SyncRun.objects.filter(id__in=list(old.values_list("id", flat=True)[:_CHUNK])).delete()[0]:
            pass
