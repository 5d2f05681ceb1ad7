"""The one place that talks to Stripe's API: pinned version, time-outs, retries, rate limit, plain dicts out.

Every request is typed against the SDK's parameters. To add one, copy the nearest method.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote_plus

import stripe
from stripe import params as stripe_params

from connector import health
from connector.configuration import option
from connector.errors import StripeError
from connector.models import Connection
from connector.platforms import Platform, get_platform
from connector.rate_limit import Priority, RateBudget
from connector.stripe_errors import describe_failure
from connector.stripe_json import decoded
from connector.stripe_lists import ListOf, Page
from connector.stripe_transport import RANK, Transport
from connector.stripe_wording import Caller

API_VERSION: str = stripe.api_version


@dataclass(frozen=True, slots=True)
class Fetched:
    """One object as Stripe answered it. ``rank`` is its place in Stripe's time, see ``sync/models/mirrors.py``."""

    data: dict[str, Any]
    rank: int
    request_id: str


class StripeGateway:
    """One connection's road to Stripe. Every method raises ``connector.errors.StripeError`` and nothing else.

    Reads and POSTs are repeated by the SDK's HTTP client after time-outs and 5xx; a POST keeps its idempotency key
    then. None of them goes on for longer than ``answer_by`` (of ``time.monotonic``), give or take a second.
    """

    coupons = ListOf[stripe_params.CouponListParams]("coupons")
    customers = ListOf[stripe_params.CustomerListParams]("customers")
    invoices = ListOf[stripe_params.InvoiceListParams]("invoices")
    meters = ListOf[stripe_params.billing.MeterListParams]("billing/meters")
    prices = ListOf[stripe_params.PriceListParams]("prices")
    products = ListOf[stripe_params.ProductListParams]("products")
    promotion_codes = ListOf[stripe_params.PromotionCodeListParams]("promotion_codes")
    subscription_items = ListOf[stripe_params.SubscriptionItemListParams]("subscription_items")
    subscriptions = ListOf[stripe_params.SubscriptionListParams]("subscriptions")
    webhook_endpoints = ListOf[stripe_params.WebhookEndpointListParams]("webhook_endpoints")

    def __init__(
        self, connection: Connection, *, priority: Priority = "background", answer_by: float | None = None
    ) -> None:
        self._connection = connection
        self._transport = _make_transport(connection, priority, answer_by)
        self._caller = _make_caller(connection)

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

    @property
    def seconds_at_stripe(self) -> float:
        """How long the requests so far took, from sending to the whole answer, all attempts together."""
        return self._transport.seconds

    def retrieve(self, resource: str, stripe_id: str, *, expand: Sequence[str] = ()) -> Fetched:
        """``GET /v1/{resource}/{id}``; ``resource`` is the SDK's name: ``payment_methods``, ``billing.meters``.

        ``expand`` is all that any of them takes.
        """
        return self._get(_path(*resource.split("."), stripe_id), {"expand": list(expand)} if expand else {})

    # Accounts

    def retrieve_own_account(self) -> Fetched:
        """``GET /v1/account``: whose key this is."""
        return self._get("/v1/account")

    # Customers

    def retrieve_customer(self, customer_id: str, *, expand: Sequence[str] = ()) -> Fetched:
        """May answer ``{"id", "object", "deleted": True}``: https://docs.stripe.com/api/customers/retrieve"""
        return self.retrieve("customers", customer_id, expand=expand)

    def find_customers_by_email(self, email: str) -> Page:
        """Exact and case-sensitive, current at once: https://docs.stripe.com/api/customers/list#list_customers-email"""
        return self.customers.page({"email": email})

    def create_customer(self, params: stripe_params.CustomerCreateParams) -> Fetched:
        return self._post("/v1/customers", params)

    def delete_customer(self, customer_id: str) -> Fetched:
        return self._delete(_path("customers", customer_id))

    # Subscriptions

    def create_subscription(
        self, params: stripe_params.SubscriptionCreateParams, *, idempotency_key: str
    ) -> Fetched:
        return self._post("/v1/subscriptions", params, idempotency_key)

    def update_subscription(
        self, subscription_id: str, params: stripe_params.SubscriptionUpdateParams, *, idempotency_key: str
    ) -> Fetched:
        return self._post(_path("subscriptions", subscription_id), params, idempotency_key)

    def cancel_subscription(self, subscription_id: str, params: stripe_params.SubscriptionCancelParams) -> Fetched:
        """Now, not at period end. Sent once, as Stripe keeps no idempotency keys for v1 DELETE: read the status
        first. https://docs.stripe.com/api/idempotent_requests"""
        return self._delete(_path("subscriptions", subscription_id), params)

    def pause_subscription(
        self, subscription_id: str, params: stripe_params.SubscriptionPauseParams, *, idempotency_key: str
    ) -> Fetched:
        return self._post(_path("subscriptions", subscription_id, "pause"), params, idempotency_key)

    def resume_subscription(
        self, subscription_id: str, params: stripe_params.SubscriptionResumeParams, *, idempotency_key: str
    ) -> Fetched:
        return self._post(_path("subscriptions", subscription_id, "resume"), params, idempotency_key)

    # Subscription schedules

    def create_subscription_schedule(
        self, params: stripe_params.SubscriptionScheduleCreateParams, *, idempotency_key: str
    ) -> Fetched:
        return self._post("/v1/subscription_schedules", params, idempotency_key)

    def update_subscription_schedule(
        self, schedule_id: str, params: stripe_params.SubscriptionScheduleUpdateParams, *, idempotency_key: str
    ) -> Fetched:
        return self._post(_path("subscription_schedules", schedule_id), params, idempotency_key)

    def release_subscription_schedule(
        self, schedule_id: str, params: stripe_params.SubscriptionScheduleReleaseParams
    ) -> Fetched:
        """Refused (400) where it was released before."""
        return self._post(_path("subscription_schedules", schedule_id, "release"), params)

    # Invoices

    def preview_invoice(self, params: stripe_params.InvoiceCreatePreviewParams) -> Fetched:
        """A POST that changes nothing: https://docs.stripe.com/api/invoices/create_preview"""
        return self._post("/v1/invoices/create_preview", params, writes=False)

    def pay_invoice(
        self, invoice_id: str, params: stripe_params.InvoicePayParams, *, idempotency_key: str
    ) -> Fetched:
        return self._post(_path("invoices", invoice_id, "pay"), params, idempotency_key)

    # Usage and the customer portal

    def record_meter_event(
        self, params: stripe_params.billing.MeterEventCreateParams, *, idempotency_key: str
    ) -> Fetched:
        return self._post("/v1/billing/meter_events", params, idempotency_key)

    def create_portal_session(self, params: stripe_params.billing_portal.SessionCreateParams) -> Fetched:
        return self._post("/v1/billing_portal/sessions", params)

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
        return self._post("/v1/webhook_endpoints", params)

    def enable_webhook_endpoint(self, endpoint_id: str, *, events: Sequence[str]) -> Fetched:
        params: stripe_params.WebhookEndpointUpdateParams = {
            "disabled": False,
            "enabled_events": cast("Any", list(events)),
        }
        return self._post(_path("webhook_endpoints", endpoint_id), params)

    def delete_webhook_endpoint(self, endpoint_id: str) -> Fetched:
        return self._delete(_path("webhook_endpoints", endpoint_id))

    # Probes

    def probe_read(self, path: str) -> Fetched:
        """A GET of what hangs on an object that does not exist; as for ``probe_write``."""
        return self._get(path)

    def probe_write(
        self,
        path: str,
        params: stripe_params.billing.MeterEventCreateParams
        | stripe_params.billing_portal.SessionCreateParams
        | None = None,
    ) -> Fetched:
        """A POST about an object that does not exist. A missing permission (403) is refused before that."""
        return self._post(path, params or {}, writes=False)

    def read_page(self, path: str, params: Mapping[str, object]) -> Page:
        """One page of a list; ``coupons`` and the other lists are typed."""
        answer = self._get(path, {"limit": 100, **params})
        return Page(items=answer.data["data"], rank=answer.rank, has_more=answer.data["has_more"])

    def _get(self, path: str, params: Mapping[str, object] | None = None) -> Fetched:
        return self._send("GET", path, params or {}, writes=False)

    def _post(
        self, path: str, params: Mapping[str, object], idempotency_key: str | None = None, *, writes: bool = True
    ) -> Fetched:
        return self._send("POST", path, params, writes=writes, idempotency_key=idempotency_key)

    def _delete(self, path: str, params: Mapping[str, object] | None = None) -> Fetched:
        return self._send("DELETE", path, params or {}, writes=True, retries=0)

    def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, object],
        *,
        writes: bool,
        idempotency_key: str | None = None,
        retries: int = 2,
    ) -> Fetched:
        request = self._caller.word(method, path, params, idempotency_key)
        try:
            body, status, headers = self._transport.request_with_retries(
                method, request.url, request.headers, request.form, max_network_retries=retries
            )
        except stripe.StripeError as error:
            raise self._failure(error.http_status, None, error.user_message, {}, writes=writes) from None
        data = decoded(body)
        if data is None or not 200 <= status < 300:
            raise self._failure(status, data, None, headers, writes=writes)
        return Fetched(data=data, rank=int(headers[RANK]), request_id=headers.get("request-id", ""))

    def _failure(
        self,
        status: int | None,
        body: dict[str, Any] | None,
        message: str | None,
        headers: Mapping[str, str],
        *,
        writes: bool,
    ) -> StripeError:
        failure = describe_failure(
            http_status=status,
            body=body,
            message=message,
            request_id=headers.get("request-id"),
            writes=writes,
            replayed=headers.get("idempotent-replayed") == "true",
        )
        health.note_failure(self._connection, failure)
        return failure


def _make_transport(connection: Connection, priority: Priority, answer_by: float | None) -> Transport:
    account = connection.stripe_account_id or connection.api_key_fingerprint
    budget = RateBudget(f"{account}:{connection.mode}", option("REQUESTS_PER_SECOND")[connection.mode], priority)
    return Transport(budget, answer_by)


def _make_caller(connection: Connection) -> Caller:
    base = option("STRIPE_API_BASE")
    if connection.method == Connection.Method.CONNECT:
        return Caller(base, get_platform(livemode=connection.livemode).key, connection.stripe_account_id)
    return Caller(base, connection.api_key, None)


def _path(*names: str) -> str:
    """``("subscriptions", "sub_1", "pause")`` → ``/v1/subscriptions/sub_1/pause``"""
    return "/".join(["/v1", *map(quote_plus, names)])
