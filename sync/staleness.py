"""Whether what is known of a user may be about to change: what the API calls ``stale``."""

from typing import TypeVar

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value

from connector.models import Connection
from sync.models import Identity, RefreshRequest, SyncRun, UserTraits
from sync.refresh_queue import EMAIL

_Rows = TypeVar("_Rows", Identity, UserTraits)


def mark_stale(rows: QuerySet[_Rows], connection: Connection | None) -> QuerySet[_Rows]:
    """Annotate links, of users without traits, or traits with ``stale``.

    Stripe is about to be asked about the user or cannot be. While everything is read, or where nothing ever was,
    nobody asks for a single customer: then whoever has none yet is stale.
    """
    if connection is None or connection.status != Connection.Status.ACTIVE:
        return rows.annotate(stale=Value(1))
    if rows.model is Identity:
        nobody = Value(None, CharField())
        rows = rows.annotate(known=nobody, linked=F("stripe_id"), email=F("email_address"))
    else:
        links = Identity.objects.filter(app_id=OuterRef("app_id"), user_id=OuterRef("user_id"))
        rows = rows.annotate(
            known=F("customer"),
            linked=Subquery(links.values("stripe_id")),
            email=Subquery(links.values("email_address")),
        )
    asked = Exists(RefreshRequest.objects.filter(_names_the_user(), connection=connection))
    return rows.annotate(stale=asked | Q(known=None) if _is_read_as_a_whole(connection) else asked)


def _names_the_user() -> Q:
    of_customer = Q(object_type="customer", stripe_id__in=[OuterRef("known"), OuterRef("linked")])
    return of_customer | Q(object_type=EMAIL, stripe_id=OuterRef("email"))


def _is_read_as_a_whole(connection: Connection) -> bool:
    if connection.last_reconciliation_at is None:
        return True
    runs = SyncRun.objects.filter(connection=connection, kind=SyncRun.Kind.RECONCILIATION)
    return runs.filter(state__in=SyncRun.OPEN).exists()
