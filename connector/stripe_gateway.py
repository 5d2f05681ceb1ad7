"""The one place that talks to Stripe's API: pinned version, time-outs, retries, rate limit, plain dicts out.

Every request is typed against the SDK's parameters. To add one, copy the nearest method.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache, partial
from math import ceil
from operator import attrgetter
from typing import Any, ParamSpec, cast

import stripe
from stripe import params as stripe_params

from connector import health
from connector.configuration import option
from connector.models import Connection
from connector.platforms import Platform, get_platform
from connector.rate_limit import Priority, RateBudget
from connector.stripe_errors import describe_failure
from connector.stripe_lists import Page, StripeList

_P = ParamSpec("_P")
_RANK = "Engage-Rank"
_TIMEOUTS: dict[Priority, tuple[float, float]] = {"click": (3, 20), "background": (5, 60)}  # connect, read; s
_NO_RETRY: stripe.RequestOptions = {"max_network_retries": 0}

API_VERSION: str = stripe.api_version


@dataclass(frozen=True, slots=True)
class Fetched:
    """One object as Stripe answered it. ``rank`` is its place in Stripe's time, see ``sync/models/mirrors.py``."""

    data: dict[str, Any]
    rank: int
    request_id: str


class StripeGateway:
    """One connection's road to Stripe. Every method raises ``connector.errors.StripeError`` and nothing else.

    Reads and POSTs are repeated by the SDK after time-outs and 5xx; a POST keeps its idempotency key then. None of
    them goes on for longer than ``answer_by`` (of ``time.monotonic``), give or take a second.
    """

    def __init__(
        self, connection: Connection, *, priority: Priority = "background", answer_by: float | None = None
    ) -> None:
        self._connection = connection
        self._client = _make_client(connection, priority, answer_by)
        self.coupons: StripeList[stripe_params.CouponListParams] = self._list("coupons")
        self.customers: StripeList[stripe_params.CustomerListParams] = self._list("customers")
        self.invoices: StripeList[stripe_params.InvoiceListParams] = self._list("invoices")
        self.meters: StripeList[stripe_params.billing.MeterListParams] = self._list("billing/meters")
        self.prices: StripeList[stripe_params.PriceListParams] = self._list("prices")
        self.products: StripeList[stripe_params.ProductListParams] = self._list("products")
        self.promotion_codes: StripeList[stripe_params.PromotionCodeListParams] = self._list("promotion_codes")
        self.subscription_items: StripeList[stripe_params.SubscriptionItemListParams] = self._list(
            "subscription_items"
        )
        self.subscriptions: StripeList[stripe_params.SubscriptionListParams] = self._list("subscriptions")
        self.webhook_endpoints: StripeList[stripe_params.WebhookEndpointListParams] = self._list(
            "webhook_endpoints"
        )

    @classmethod
    def for_platform(cls, platform: Platform) -> "StripeGateway":
        """The road to our own platform account, where the Connect webhook endpoint lives."""
        own_account = Connection(
            method=Connection.Method.API_KEY,
            livemode=platform.livemode,
            api_key=platform.key,
            stripe_account_id="platform",
        )
        return cls(own_account)

    def retrieve(self, resource: str, stripe_id: str, *, expand: Sequence[str] = ()) -> Fetched:
        """``GET /v1/{resource}/{id}``; ``resource`` is the SDK's name: ``payment_methods``, ``billing.meters``.

        ``expand`` is all that any of them takes.
        """
        service = attrgetter(resource)(self._client.v1)
        return self._read(service.retrieve, stripe_id, {"expand": list(expand)} if expand else {})

    # Accounts

    def retrieve_own_account(self) -> Fetched:
        """``GET /v1/account``: whose key this is."""
        return self._read(self._client.v1.accounts.retrieve_current)

    # Customers

    def retrieve_customer(self, customer_id: str, *, expand: Sequence[str] = ()) -> Fetched:
        """May answer ``{"id", "object", "deleted": True}``: https://docs.stripe.com/api/customers/retrieve"""
        return self.retrieve("customers", customer_id, expand=expand)

    def find_customers_by_email(self, email: str) -> Page:
        """Exact and case-sensitive, current at once: https://docs.stripe.com/api/customers/list#list_customers-email"""
        return self.customers.page({"email": email})

    def create_customer(self, params: stripe_params.CustomerCreateParams) -> Fetched:
        return self._write(self._client.v1.customers.create, params)

    def delete_customer(self, customer_id: str) -> Fetched:
        return self._write(self._client.v1.customers.delete, customer_id, {}, _NO_RETRY)

    # Subscriptions

    def create_subscription(
        self, params: stripe_params.SubscriptionCreateParams, *, idempotency_key: str
    ) -> Fetched:
        return self._write(self._client.v1.subscriptions.create, params, _keyed(idempotency_key))

    def update_subscription(
        self, subscription_id: str, params: stripe_params.SubscriptionUpdateParams, *, idempotency_key: str
    ) -> Fetched:
        return self._write(self._client.v1.subscriptions.update, subscription_id, params, _keyed(idempotency_key))

    def cancel_subscription(self, subscription_id: str, params: stripe_params.SubscriptionCancelParams) -> Fetched:
        """Now, not at period end. Sent once, as Stripe keeps no idempotency keys for v1 DELETE: read the status
        first. https://docs.stripe.com/api/idempotent_requests"""
        return self._write(self._client.v1.subscriptions.cancel, subscription_id, params, _NO_RETRY)

    def pause_subscription(
        self, subscription_id: str, params: stripe_params.SubscriptionPauseParams, *, idempotency_key: str
    ) -> Fetched:
        return self._write(self._client.v1.subscriptions.pause, subscription_id, params, _keyed(idempotency_key))

    def resume_subscription(
        self, subscription_id: str, params: stripe_params.SubscriptionResumeParams, *, idempotency_key: str
    ) -> Fetched:
        return self._write(self._client.v1.subscriptions.resume, subscription_id, params, _keyed(idempotency_key))

    # Subscription schedules

    def create_subscription_schedule(
        self, params: stripe_params.SubscriptionScheduleCreateParams, *, idempotency_key: str
    ) -> Fetched:
        return self._write(self._client.v1.subscription_schedules.create, params, _keyed(idempotency_key))

    def update_subscription_schedule(
        self, schedule_id: str, params: stripe_params.SubscriptionScheduleUpdateParams, *, idempotency_key: str
    ) -> Fetched:
        return self._write(
            self._client.v1.subscription_schedules.update, schedule_id, params, _keyed(idempotency_key)
        )

    def release_subscription_schedule(
        self, schedule_id: str, params: stripe_params.SubscriptionScheduleReleaseParams, *, idempotency_key: str
    ) -> Fetched:
        return self._write(
            self._client.v1.subscription_schedules.release, schedule_id, params, _keyed(idempotency_key)
        )

    # Invoices

    def preview_invoice(self, params: stripe_params.InvoiceCreatePreviewParams) -> Fetched:
        """A POST that changes nothing: https://docs.stripe.com/api/invoices/create_preview"""
        return self._read(self._client.v1.invoices.create_preview, params)

    def pay_invoice(
        self, invoice_id: str, params: stripe_params.InvoicePayParams, *, idempotency_key: str
    ) -> Fetched:
        return self._write(self._client.v1.invoices.pay, invoice_id, params, _keyed(idempotency_key))

    # Usage and the customer portal

    def record_meter_event(
        self, params: stripe_params.billing.MeterEventCreateParams, *, idempotency_key: str
    ) -> Fetched:
        return self._write(self._client.v1.billing.meter_events.create, params, _keyed(idempotency_key))

    def create_portal_session(self, params: stripe_params.billing_portal.SessionCreateParams) -> Fetched:
        return self._write(self._client.v1.billing_portal.sessions.create, params)

    # Webhook endpoints

    def create_webhook_endpoint(
        self, *, url: str, events: Sequence[str], metadata: dict[str, str], connect: bool = False
    ) -> Fetched:
        """An endpoint of the pinned version. ``secret`` is in this answer and in no later one."""
        params: stripe_params.WebhookEndpointCreateParams = {
            "url": url,
            "enabled_events": cast("Any", list(events)),  # the SDK lists event types and versions one by one
            "metadata": metadata,
            "connect": connect,
            "api_version": cast("Any", API_VERSION),
            "description": "Recurly Engage",
        }
        return self._write(self._client.v1.webhook_endpoints.create, params)

    def enable_webhook_endpoint(self, endpoint_id: str, *, events: Sequence[str]) -> Fetched:
        params: stripe_params.WebhookEndpointUpdateParams = {
            "disabled": False,
            "enabled_events": cast("Any", list(events)),
        }
        return self._write(self._client.v1.webhook_endpoints.update, endpoint_id, params)

    def delete_webhook_endpoint(self, endpoint_id: str) -> Fetched:
        return self._write(self._client.v1.webhook_endpoints.delete, endpoint_id, {}, _NO_RETRY)

    # Probes

    def probe_read(self, path: str) -> Fetched:
        """A GET of what hangs on an object that does not exist; as for ``probe_write``."""
        return self._send(lambda: self._client.raw_request("get", path), writes=False)

    def probe_write(
        self,
        path: str,
        params: stripe_params.billing.MeterEventCreateParams
        | stripe_params.billing_portal.SessionCreateParams
        | None = None,
    ) -> Fetched:
        """A POST about an object that does not exist. A missing permission (403) is refused before that."""
        form: dict[str, Any] = {**(params or {})}
        return self._send(lambda: self._client.raw_request("post", path, **form), writes=False)

    def _list(self, resource: str) -> StripeList[Any]:
        return StripeList(partial(self._read_page, f"/v1/{resource}"))

    def _read_page(self, path: str, params: Mapping[str, object]) -> Page:
        query: dict[str, Any] = {"limit": 100, **params}
        # Not the SDK's list: making its objects of a page takes longer than all the rest, and nobody uses them.
        answer = self._send(lambda: self._client.raw_request("get", path, **query), writes=False)
        return Page(items=answer.data["data"], rank=answer.rank, has_more=answer.data["has_more"])

    def _read(self, method: Callable[_P, stripe.StripeObject], *args: _P.args, **kwargs: _P.kwargs) -> Fetched:
        return self._send(lambda: method(*args, **kwargs).last_response, writes=False)

    def _write(self, method: Callable[_P, stripe.StripeObject], *args: _P.args, **kwargs: _P.kwargs) -> Fetched:
        return self._send(lambda: method(*args, **kwargs).last_response, writes=True)

    def _send(self, request: Callable[[], stripe.StripeResponse | None], *, writes: bool) -> Fetched:
        try:
            answer = request()
        except stripe.StripeError as error:
            failure = describe_failure(
                http_status=error.http_status,
                body=error.json_body,
                message=error.user_message,
                request_id=error.request_id,
                writes=writes,
            )
            health.note_failure(self._connection, failure)
            raise failure from None  # the SDK's error carries headers and the raw body
        assert answer is not None  # noqa: S101  the SDK sets it on everything a request returns
        return Fetched(
            data=cast("dict[str, Any]", answer.data),
            rank=int(answer.headers[_RANK]),
            request_id=answer.request_id or "",
        )


class _Transport(stripe.HTTPClient):
    """Takes a token before every attempt and stamps each answer with its rank."""

    name = "engage"

    def __init__(self, budget: RateBudget, answer_by: float | None) -> None:
        super().__init__()
        self._budget = budget
        self._answer_by = answer_by

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, **_: Any) -> Any:
        self._budget.take()
        started = time.monotonic()
        body, status, answer_headers = self._http(started).request(method, url, headers, post_data)
        seconds = time.monotonic() - started
        return body, status, _stamped(answer_headers, seconds)

    def _http(self, now: float) -> stripe.HTTPClient:
        if self._answer_by is None:
            return _http(self._budget.priority)
        left = self._answer_by - now
        if left <= 0:
            raise stripe.APIConnectionError("The time is over.", should_retry=False)  # type: ignore[no-untyped-call]
        return _http(self._budget.priority, at_most=ceil(left))


def _stamped(headers: Any, seconds: float) -> Any:
    """The rank of a state read by a request that took ``seconds``.

    Stripe read it no earlier than it got the request, so everything up to the second before that is in it. An
    answer without a Date, or one that Stripe stored for an earlier request with the same idempotency key, says
    nothing about now: rank 0 overwrites nothing. https://docs.stripe.com/api/idempotent_requests
    """
    date = headers.get("Date") if headers.get("Idempotent-Replayed") != "true" else None
    complete_through = int(parsedate_to_datetime(date).timestamp() - seconds) - 1 if date else 0
    headers[_RANK] = str(2 * complete_through + 1 if date else 0)
    return headers


@cache
def _http(priority: Priority, *, at_most: int = 60) -> stripe.RequestsClient:
    """One per process, kind of caller and seconds left; each of its threads keeps its connections open."""
    connect, read = _TIMEOUTS[priority]
    return stripe.RequestsClient(timeout=(min(connect, at_most), min(read, at_most)))


def _make_client(connection: Connection, priority: Priority, answer_by: float | None) -> stripe.StripeClient:
    through_platform = connection.method == Connection.Method.CONNECT
    key = get_platform(livemode=connection.livemode).key if through_platform else connection.api_key
    account = connection.stripe_account_id or connection.api_key_fingerprint
    budget = RateBudget(f"{account}:{connection.mode}", option("REQUESTS_PER_SECOND")[connection.mode], priority)
    return stripe.StripeClient(
        key.reveal(),
        stripe_account=connection.stripe_account_id if through_platform else None,
        base_addresses={"api": option("STRIPE_API_BASE"), "connect": option("STRIPE_CONNECT_BASE")},
        max_network_retries=2,
        http_client=_Transport(budget, answer_by),
    )


def _keyed(idempotency_key: str) -> stripe.RequestOptions:
    return {"idempotency_key": idempotency_key}
