"""Read one stretch of Stripe's lists, newest first: fetch up to ten pages, apply them, remember the cursor."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from connector.errors import StripeError
from connector.models import Connection
from connector.permissions import allows
from connector.stripe_gateway import StripeGateway
from connector.stripe_lists import CreatedRange, Page
from sync import drift, locks, runs, unsettled
from sync.models import RunRange, SyncRun
from sync.observations import apply_objects
from sync.statistics import analyze_what_has_grown

logger = logging.getLogger(__name__)

OnProgress = Callable[[dict[str, Any]], None]

OUR_FAULT = "Something went wrong on our side."
RESOURCES = ("customers", "subscriptions")
PAGES_AT_ONCE = 10  # 1,000 objects share the statements of one transaction
MAX_RANGES = 16  # of a resource; each split costs at most one more request
MAX_ATTEMPTS = 5
FIRST_PAUSE = timedelta(seconds=2)
_LAUNCH = 1_293_840_000  # 2011-01-01: nothing at Stripe is older


def read_waiting_ranges(run: SyncRun, *, on_split: Callable[[], None], on_progress: OnProgress | None) -> None:
    """Read every range that is due and that nobody else reads; raises ``runs.CanceledError``."""
    while _read_a_free_range(run, on_split, on_progress):
        pass


def _read_a_free_range(run: SyncRun, on_split: Callable[[], None], on_progress: OnProgress | None) -> bool:
    due = run.ranges.filter(state=RunRange.State.WAITING, not_before__lte=timezone.now())
    for stretch in due.order_by("id"):
        with locks.try_hold(f"range:{stretch.pk}") as held:
            if not held:
                continue
            stretch.refresh_from_db()
            if stretch.state == RunRange.State.WAITING and stretch.not_before <= timezone.now():
                _Reader(run, stretch, on_split, on_progress).read()
                return True
    return False


@dataclass(slots=True)
class _Fetched:
    """Some pages of one range. The lowest rank holds for all of them."""

    items: list[dict[str, Any]] = field(default_factory=list)
    ranks: list[int] = field(default_factory=list)
    has_more: bool = True
    error: StripeError | None = None


class _Reader:
    def __init__(
        self,
        run: SyncRun,
        stretch: RunRange,
        on_split: Callable[[], None],
        on_progress: OnProgress | None,
    ) -> None:
        assert run.connection is not None  # noqa: S101  a reconciliation always has one
        self._run, self._range, self._connection = run, stretch, run.connection
        self._on_split, self._on_progress = on_split, on_progress
        self._gateway = StripeGateway(self._connection)
        self._may_split = True
        self._first_load = self._connection.last_reconciliation_at is None

    def read(self) -> None:
        while self._range.state == RunRange.State.WAITING:
            fetched = self._fetch()
            try:
                self._apply(fetched)
            except Exception:  # or the run would be open, and this range read in vain, for ever
                logger.exception("A range of reconciliation %s could not be taken in", self._run.pk)
                self._range.refresh_from_db()
                self._postpone(OUR_FAULT, retryable=True)
                return
            if self._first_load:
                analyze_what_has_grown()
            self._report()
            if fetched.error:
                self._postpone(fetched.error.user_message, retryable=fetched.error.retryable)
                return

    def _fetch(self) -> _Fetched:
        fetched, cursor = _Fetched(), self._range.cursor
        for _ in range(PAGES_AT_ONCE):
            try:
                page = self._read_page(cursor)
            except StripeError as error:
                fetched.error = error
                break
            fetched.items += page.items
            fetched.ranks.append(page.rank)
            fetched.has_more = page.has_more
            if not page.has_more:
                break
            cursor = page.items[-1]["id"]
            if self._may_split:
                self._split(oldest=page.items[-1]["created"])
        return fetched

    def _read_page(self, cursor: str) -> Page:
        created: CreatedRange = {"gte": self._range.created_from}
        if self._range.created_until is not None:
            created["lt"] = self._range.created_until
        expand = expansions(self._connection, self._range.resource)
        if self._range.resource == "customers":
            return self._gateway.customers.page({"created": created, "expand": expand}, after=cursor)
        return self._gateway.subscriptions.page(
            {"created": created, "expand": expand, "status": "all"}, after=cursor
        )

    def _split(self, *, oldest: int) -> None:
        """Leave the older half of what is not read yet to somebody else."""
        stretch = self._range
        middle = (max(stretch.created_from, _LAUNCH) + oldest) // 2
        siblings = self._run.ranges.filter(resource=stretch.resource)
        if middle >= oldest or middle <= stretch.created_from or siblings.count() >= MAX_RANGES:
            self._may_split = False
            return
        with transaction.atomic():
            RunRange.objects.create(
                run=self._run,
                resource=stretch.resource,
                created_from=stretch.created_from,
                created_until=middle,
            )
            stretch.created_from = middle
            stretch.save(update_fields=["created_from"])
        self._on_split()

    def _apply(self, fetched: _Fetched) -> None:
        stretch, resource = self._range, self._range.resource
        stretch.requests_made += len(fetched.ranks)
        stretch.objects_read += len(fetched.items)
        if fetched.ranks and stretch.first_rank is None:
            stretch.first_rank = fetched.ranks[0]
        if fetched.items:
            stretch.cursor, stretch.attempts = fetched.items[-1]["id"], 0
        if not fetched.has_more and not fetched.error:
            stretch.state = RunRange.State.DONE
        with transaction.atomic():
            if fetched.items:
                self._mirror(resource, fetched.items, min(fetched.ranks))
            stretch.save()

    def _mirror(self, resource: str, items: list[dict[str, Any]], rank: int) -> None:
        stripe_ids = [item["id"] for item in items]
        before = drift.read_rows(self._connection, resource, stripe_ids)
        source = {"run": str(self._run.pk)}
        changes = apply_objects(connection=self._connection, objects=items, rank=rank, source=source)
        after = drift.read_rows(self._connection, resource, stripe_ids)
        early = {row.customer for row in before.values() if row.rank > rank}
        self._range.unsettled += unsettled.claim(self._connection, early)
        drift.note_drift(self._run, resource, before, after, changes, first_load=self._first_load)

    def _postpone(self, error: str, *, retryable: bool) -> None:
        """Another attempt after a pause that doubles, or none where waiting cannot help."""
        stretch = self._range
        stretch.attempts += 1
        stretch.error = error
        if retryable and stretch.attempts < MAX_ATTEMPTS:
            stretch.not_before = timezone.now() + FIRST_PAUSE * 2 ** (stretch.attempts - 1)
        else:
            stretch.state = RunRange.State.FAILED
        stretch.save()

    def _report(self) -> None:
        totals = self._run.ranges.values("resource").annotate(read=Sum("objects_read")).order_by("resource")
        progress = {"step": "reading", "counts": {row["resource"]: row["read"] for row in totals}}
        runs.report_progress(self._run, progress)
        if self._on_progress:
            self._on_progress(progress)


def expansions(connection: Connection, resource: str) -> list[str]:
    """What a list may bring along under this connection's permissions; expanding more would be refused."""
    if resource == "customers":
        wanted, holder = ["data.discount.source.coupon"], "data.invoice_settings."
    else:
        wanted, holder = ["data.discounts.source.coupon"], "data."
    if allows(connection, "rak_payment_method_read"):
        wanted.append(f"{holder}default_payment_method")
    if allows(connection, "rak_source_read"):
        wanted.append("data.default_source")
    return wanted
