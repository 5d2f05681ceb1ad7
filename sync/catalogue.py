"""Read products, prices, coupons and promotion codes from Stripe, active and archived."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.utils import timezone

from connector.errors import ConflictError, StripeError
from connector.models import Connection
from connector.stripe_gateway import StripeGateway
from connector.stripe_lists import CreatedRange, Page
from sync import locks, runs
from sync.models import Coupon, Price, Product, PromotionCode, SyncRun
from sync.observations import apply_objects

OnProgress = Callable[[dict[str, Any]], None]
ReadPages = Callable[[StripeGateway, CreatedRange], Iterator[Page]]

# https://docs.stripe.com/api/prices/object#price_object-currency_options
# https://docs.stripe.com/api/coupons/object#coupon_object-applies_to and #coupon_object-currency_options
RESOURCES: dict[str, tuple[type[Product | Price | Coupon | PromotionCode], str, ReadPages]] = {
    "products": (Product, "product", lambda stripe, created: stripe.products.pages({"created": created})),
    "prices": (
        Price,
        "price",
        lambda stripe, created: stripe.prices.pages({"created": created, "expand": ["data.currency_options"]}),
    ),
    "coupons": (
        Coupon,
        "coupon",
        lambda stripe, created: stripe.coupons.pages(
            {"created": created, "expand": ["data.applies_to", "data.currency_options"]}
        ),
    ),
    "promotion_codes": (
        PromotionCode,
        "promotion_code",
        lambda stripe, created: stripe.promotion_codes.pages({"created": created}),
    ),
}
SMALL = 1000  # objects; so many are read completely every time
OVERLAP = timedelta(hours=1)


def sync_catalogue(
    *,
    connection: Connection,
    complete: bool = True,
    on_progress: OnProgress | None = None,
    **fields: Any,
) -> SyncRun:
    """Read the catalogue now, in this process, and return the finished run.

    Without ``complete`` a large catalogue is asked only for what was created since the last time: Stripe's lists
    cannot be filtered by change. ``counts`` has the objects read of each resource and ``gone``. Raises
    ``ConflictError`` while another process reads this connection's catalogue.
    """
    with locks.try_hold(f"catalogue:{connection.pk}") as held:
        if not held:
            raise ConflictError("run_in_progress", "The catalogue is being read already.", retryable=True)
        options = {"complete": complete}
        run = runs.open_run(connection=connection, kind=SyncRun.Kind.CATALOGUE, options=options, **fields)
        if not runs.begin(run):
            return run  # canceled just now
        run.counts = {}
        complete = complete or bool(run.options.get("complete"))  # asked for by whoever queued or began it
        _perform(run, connection, _created_since(connection, complete=complete), on_progress)
    return run


def _created_since(connection: Connection, *, complete: bool) -> int | None:
    """Epoch seconds from which on to ask, None for everything."""
    last = connection.last_catalogue_at
    if complete or last is None:
        return None
    known = sum(model.objects.filter(connection=connection).count() for model, _, _ in RESOURCES.values())
    return int((last - OVERLAP).timestamp()) if known > SMALL else None


def _perform(run: SyncRun, connection: Connection, since: int | None, on_progress: OnProgress | None) -> None:
    errors: dict[str, str] = {}
    try:
        for resource in RESOURCES:
            try:
                _Reader(run, connection, resource, on_progress).read(since)
            except StripeError as error:
                errors[resource] = error.user_message
    except runs.CanceledError:
        runs.finish(run, SyncRun.State.CANCELED)
        return
    except Exception:
        runs.finish(run, SyncRun.State.FAILED, error="Something went wrong on our side; try again.")
        raise
    run.report = {"complete": since is None, "errors": errors}
    if errors:
        state = SyncRun.State.FAILED if len(errors) == len(RESOURCES) else SyncRun.State.PARTIAL
        runs.finish(run, state, error=" ".join(dict.fromkeys(errors.values())))
        return
    connection.last_catalogue_at = timezone.now()
    connection.save(update_fields=["last_catalogue_at"])
    runs.finish(run, SyncRun.State.DONE)


class _Reader:
    """One resource of one connection, page by page."""

    def __init__(
        self, run: SyncRun, connection: Connection, resource: str, on_progress: OnProgress | None
    ) -> None:
        self._run, self._connection, self._resource = run, connection, resource
        self._model, self._object, self._read_pages = RESOURCES[resource]
        self._on_progress = on_progress
        self._gateway = StripeGateway(connection)
        self._source = {"run": str(run.pk)}

    def read(self, since: int | None) -> None:
        first_rank, count = None, 0
        for page in self._read_pages(self._gateway, {"gte": since or 0}):
            first_rank = page.rank if first_rank is None else first_rank
            apply_objects(connection=self._connection, objects=page.items, rank=page.rank, source=self._source)
            count += len(page.items)
            self._report(count)
        if since is None and first_rank:
            self._verify_absences(first_rank)

    def _verify_absences(self, rank: int) -> None:
        """What the mirror has and the list had not is asked for by id before it counts as gone."""
        absent = self._model.objects.filter(connection=self._connection, deleted=False, rank__lt=rank)
        for stripe_id in list(absent.values_list("stripe_id", flat=True)):
            found, found_rank = self._look_for(stripe_id, rank)
            apply_objects(connection=self._connection, objects=[found], rank=found_rank, source=self._source)
            self._run.counts["gone"] = self._run.counts.get("gone", 0) + bool(found.get("deleted"))

    def _look_for(self, stripe_id: str, rank: int) -> tuple[dict[str, Any], int]:
        try:
            fetched = self._gateway.retrieve(self._resource, stripe_id)
        except StripeError as error:
            if error.http_status != 404:
                raise
            return {"id": stripe_id, "object": self._object, "deleted": True}, rank
        return fetched.data, fetched.rank

    def _report(self, count: int) -> None:
        self._run.counts[self._resource] = count
        progress = {"step": self._resource, "counts": self._run.counts}
        runs.report_progress(self._run, progress)
        if self._on_progress:
            self._on_progress(progress)
