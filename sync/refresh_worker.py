"""Work off the refresh queue: lease some requests, read each from Stripe, put back what is not settled."""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone

from connector.errors import StripeError
from connector.models import Connection
from sync.email_lookup import look_up
from sync.facts import OWNED
from sync.models import RefreshRequest
from sync.owners import ask_for_owners
from sync.refresh import project_renamed, refresh_object
from sync.refresh_queue import ANY_ANSWER, EMAIL, RENAMED_RANK

LEASE = timedelta(minutes=2)
"""A worker that dies gives its requests back after this."""

_EARLY = 5
"""Fetches; each is two seconds later than the one before."""

log = structlog.get_logger(__name__)


def work_off(*, limit: int = 50) -> int:
    """Settle up to ``limit`` requests that are due. Returns how many were taken.

    What may be wrong goes before what is merely not known yet; the oldest first.
    """
    taken = _lease(limit)
    for request in taken:
        _settle(request)
    return len(taken)


def _lease(limit: int) -> Sequence[RefreshRequest]:
    with transaction.atomic():
        due = RefreshRequest.objects.filter(
            not_before__lte=timezone.now(), connection__status=Connection.Status.ACTIVE
        )
        taken = list(
            due.select_for_update(of=("self",), skip_locked=True)
            .select_related("connection")
            .alias(can_wait=Q(min_rank=ANY_ANSWER))
            .order_by("can_wait", "not_before")[:limit]
        )
        RefreshRequest.objects.filter(id__in=[one.id for one in taken]).update(
            not_before=timezone.now() + LEASE, attempts=F("attempts") + 1
        )
    return taken


def _settle(request: RefreshRequest) -> None:
    """A fetch that is too early for ``min_rank`` leaves the request; it is due again soon.

    One that was too early often enough is not early: the answer itself cannot be read, and is asked for less often.
    """
    try:
        _answer(request)
        error = ""
    except StripeError as failure:
        log.warning("refresh_failed", object=request.object_type, request=request.pk, code=failure.code)
        error = failure.user_message
    except (OperationalError, InterfaceError):
        raise  # the database's trouble: the lease gives all of them back
    except Exception as failure:
        log.exception("refresh_failed", object=request.object_type, request=request.pk)
        error = f"{type(failure).__name__}: what Stripe answered could not be taken in."
    pause = _pause(request.attempts if error else max(0, request.attempts - _EARLY))
    RefreshRequest.objects.filter(id=request.id).update(not_before=timezone.now() + pause, error=error)


def _pause(failures: int) -> timedelta:
    return timedelta(seconds=min(2 ** (failures + 1), 3600))


def _answer(request: RefreshRequest) -> None:
    connection, object_type, stripe_id = request.connection, request.object_type, request.stripe_id
    if request.min_rank == RENAMED_RANK:
        _project_only(request)
        return
    if object_type == EMAIL:
        look_up(connection=connection, email=stripe_id)
    elif object_type in OWNED:
        ask_for_owners(request)
    else:
        refresh_object(connection=connection, object_type=object_type, stripe_id=stripe_id)


def _project_only(request: RefreshRequest) -> None:
    """A name changed in an event or a run: there is nothing to read, only users to project."""
    project_renamed(connection=request.connection, object_type=request.object_type, stripe_id=request.stripe_id)
    RefreshRequest.objects.filter(id=request.id, created_at=request.created_at).delete()
