"""Objects that a reconciliation read too early to be believed, read again before it closes.

A list's answer is known to be complete only up to a second or two before it was given (``rank``). An object that the
mirror knows from a later second, and that the list shows differently, is in doubt: the mirror leaves a
``RefreshRequest``. The run settles these itself, so that what it finds is in its own drift report.
"""

import threading
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from connector.models import Connection
from sync import drift, runs
from sync.models import RefreshRequest, SyncRun
from sync.refresh import read_truth, take_in

MAX_ATTEMPTS = 10
PAUSE = 1.0
"""Seconds. A fetch can outrank an event about two seconds after it."""

_LEASE = timedelta(minutes=5)


def claim(connection: Connection, customers: Iterable[str]) -> list[str]:
    """Those of the customers that are in doubt; the refresh worker leaves them to the run for a while."""
    doubted = _requests(connection).filter(stripe_id__in=list(customers))
    doubted.update(not_before=timezone.now() + _LEASE)
    return list(doubted.values_list("stripe_id", flat=True))


def settle(run: SyncRun, connection: Connection) -> list[str]:
    """Read every claimed customer until a fetch outranks what is known of it; those that none did. Raises
    ``StripeError``."""
    claimed: set[str] = set()
    for stretch in run.ranges.all():
        claimed.update(stretch.unsettled)
    pause = threading.Event()
    for _ in range(MAX_ATTEMPTS):
        waiting = _requests(connection).filter(stripe_id__in=claimed).values_list("stripe_id", flat=True)
        if not waiting:
            return []
        pause.wait(PAUSE)
        for customer in waiting:
            _read_again(run, connection, customer)
            runs.report_progress(run, {**run.progress, "step": "settling"})
    left = _requests(connection).filter(stripe_id__in=claimed)
    left.update(not_before=timezone.now())
    return list(left.values_list("stripe_id", flat=True))


def _requests(connection: Connection) -> QuerySet[RefreshRequest]:
    return RefreshRequest.objects.filter(connection=connection, object_type="customer")


def _read_again(run: SyncRun, connection: Connection, customer: str) -> None:
    truth = read_truth(connection=connection, object_type="customer", stripe_id=customer)
    ids = {
        "customers": [customer],
        "subscriptions": [one["id"] for one in truth.objects if one["object"] == "subscription"],
    }
    with transaction.atomic():  # what is healed is reported, whoever is killed here
        before = {resource: drift.read_rows(connection, resource, ids[resource]) for resource in ids}
        changes = take_in(
            truth,
            connection=connection,
            object_type="customer",
            stripe_id=customer,
            source={"run": str(run.pk)},
        )
        for resource, rows in before.items():
            after = drift.read_rows(connection, resource, ids[resource])
            drift.note_drift(run, resource, rows, after, changes, first_load=False)
