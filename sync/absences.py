"""What the mirror has and Stripe's lists had not is asked for by id before it counts as gone."""

from typing import Any

from django.db import transaction
from django.db.models import Min

from connector.errors import StripeError
from connector.models import Connection
from connector.stripe_gateway import StripeGateway
from sync import drift, runs
from sync.models import RunRange, SyncRun
from sync.observations import apply_objects

_OBJECTS = {"customers": "customer", "subscriptions": "subscription"}
_BATCH = 100


def verify(run: SyncRun, connection: Connection, resource: str) -> None:
    """Read each absent object by id, and mark and report those that are gone. Nothing where a range was not read.

    What was listed has reached the lowest rank of the ranges' first pages, so a lower rank means absent. Every
    object that is looked for reaches it too: after a kill the rest is looked for.
    """
    ranges = run.ranges.filter(resource=resource)
    floor = ranges.aggregate(rank=Min("first_rank"))["rank"]
    if not floor or ranges.exclude(state=RunRange.State.DONE).exists():
        return
    absent = drift.MODELS[resource].objects.filter(
        connection=connection, deleted=False, rank__lt=floor, rank__gt=0
    )
    stripe_ids = list(absent.order_by("stripe_id").values_list("stripe_id", flat=True))
    for start in range(0, len(stripe_ids), _BATCH):
        _look_for(run, connection, resource, stripe_ids[start : start + _BATCH], floor)
        runs.report_progress(run, {**run.progress, "step": "verifying"})


def _look_for(run: SyncRun, connection: Connection, resource: str, stripe_ids: list[str], floor: int) -> None:
    gateway = StripeGateway(connection)
    before = drift.read_rows(connection, resource, stripe_ids)
    found = [_retrieve(gateway, resource, stripe_id, row.customer, floor) for stripe_id, row in before.items()]
    with transaction.atomic():  # what is healed is reported, whoever is killed here
        changes = apply_objects(
            connection=connection,
            objects=[data for data, _ in found],
            rank=min(rank for _, rank in found),
            source={"run": str(run.pk)},
        )
        after = drift.read_rows(connection, resource, stripe_ids)
        drift.note_drift(run, resource, before, after, changes, first_load=False)


def _retrieve(
    gateway: StripeGateway, resource: str, stripe_id: str, customer: str | None, floor: int
) -> tuple[dict[str, Any], int]:
    """The object and its rank. One that Stripe does not know was gone when the lists were read."""
    try:
        fetched = gateway.retrieve(resource, stripe_id)
    except StripeError as error:
        if error.http_status != 404:
            raise
        gone = {"id": stripe_id, "object": _OBJECTS[resource], "customer": customer, "deleted": True}
        return gone, floor
    return fetched.data, fetched.rank
