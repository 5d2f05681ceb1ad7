"""Find out what a credential may do, with requests that change nothing.

Reads list one object. Writes name an object that does not exist: Stripe checks the permission first, so a 403
means missing and any other refusal means granted. All requests run side by side.
"""

import re
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from connector.errors import StripeError
from connector.models import Connection
from connector.stripe_gateway import StripeGateway

_SECONDS = 4.5
_NOBODY = "engage_permission_probe"
_ACCOUNT = re.compile(r"\bacct_\w+")

Probe = Callable[[StripeGateway], object]

PROBES: Mapping[str, Probe] = {
    "rak_customer_write": lambda stripe: stripe.probe_write(f"/v1/customers/cus_{_NOBODY}"),
    "rak_subscription_write": lambda stripe: stripe.probe_write(f"/v1/subscriptions/sub_{_NOBODY}"),
    "rak_product_read": lambda stripe: stripe.products.page({"limit": 1}),
    "rak_plan_read": lambda stripe: stripe.prices.page({"limit": 1}),
    "rak_coupon_read": lambda stripe: stripe.coupons.page({"limit": 1}),
    "rak_promotion_code_read": lambda stripe: stripe.promotion_codes.page({"limit": 1}),
    "rak_payment_method_read": lambda stripe: stripe.retrieve("payment_methods", f"pm_{_NOBODY}"),
    "rak_source_read": lambda stripe: stripe.probe_read(f"/v1/customers/cus_{_NOBODY}/sources"),
    "rak_invoice_read": lambda stripe: stripe.invoices.page({"limit": 1}),
    "rak_invoice_write": lambda stripe: stripe.probe_write(f"/v1/invoices/in_{_NOBODY}/pay"),
    "rak_subscription_schedule_write": lambda stripe: stripe.probe_write(
        f"/v1/subscription_schedules/sub_sched_{_NOBODY}/release"
    ),
    "rak_customer_portal_session_write": lambda stripe: stripe.probe_write(
        "/v1/billing_portal/sessions", {"customer": f"cus_{_NOBODY}"}
    ),
    "rak_billing_meter_event_write": lambda stripe: stripe.probe_write(
        "/v1/billing/meter_events",
        {"event_name": _NOBODY, "payload": {"stripe_customer_id": f"cus_{_NOBODY}", "value": "0"}},
    ),
    "rak_billing_meter_read": lambda stripe: stripe.meters.page({"limit": 1}),
    "rak_webhook_write": lambda stripe: stripe.probe_write(f"/v1/webhook_endpoints/we_{_NOBODY}"),
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """What Stripe says of a credential. ``permissions`` is name → {state, message}, as ``Connection`` keeps it.

    ``account_id`` and ``account_name`` are empty where the key may not tell.
    """

    account_id: str
    account_name: str
    permissions: dict[str, dict[str, str]]


def inspect_credential(connection: Connection) -> Inspection:
    """Identify the account and probe every permission, in under 5 s whatever Stripe does.

    ``connection`` may be unsaved: a key on trial. ``StripeError`` ``key_rejected``, ``key_expired`` or
    ``account_disconnected`` where the credential itself is refused, another one where Stripe answered nothing.
    """
    on_trial = Connection(
        method=connection.method,
        livemode=connection.livemode,
        api_key=connection.api_key,
        api_key_fingerprint=connection.api_key_fingerprint,
        stripe_account_id=connection.stripe_account_id,
    )
    stripe = StripeGateway(on_trial, priority="click", answer_by=time.monotonic() + _SECONDS)
    pool = ThreadPoolExecutor(max_workers=len(PROBES) + 1)
    account: Future[Any] = pool.submit(stripe.retrieve_own_account)
    answers: dict[str, Future[object]] = {
        name: pool.submit(probe, stripe) for name, probe in _probes(connection).items()
    }
    running: list[Future[Any]] = [account, *answers.values()]
    wait(running, timeout=_SECONDS)
    pool.shutdown(wait=False, cancel_futures=True)
    permissions = {name: _judge(answer) for name, answer in answers.items()}
    failure = _failure(account)
    if failure and all(found["state"] == "unknown" for found in permissions.values()):
        raise failure
    account_id, account_name = _identify(account, list(answers.values()))
    return Inspection(account_id, account_name, permissions)


def _probes(connection: Connection) -> Mapping[str, Probe]:
    """None for Connect: a platform may do on the account what its scope says, ``read_write``."""
    return PROBES if connection.method == Connection.Method.API_KEY else {}


def _judge(answer: "Future[object]") -> dict[str, str]:
    failure = _failure(answer)
    if failure is None:
        return {"state": "granted", "message": ""}
    if failure.http_status == 403:
        return {"state": "missing", "message": failure.stripe_message}
    if failure.http_status is None or failure.http_status == 429 or failure.http_status >= 500:
        return {"state": "unknown", "message": failure.user_message}
    return {"state": "granted", "message": ""}


def _failure(answer: "Future[Any]") -> StripeError | None:
    if not answer.done() or answer.cancelled():
        return StripeError("stripe_unreachable", "Stripe gave no answer within five seconds.", retryable=True)
    error = answer.exception()
    if error is None:
        return None
    if not isinstance(error, StripeError):
        raise error
    if error.code in {"key_rejected", "key_expired", "account_disconnected"}:
        raise error
    return error


def _identify(account: "Future[Any]", answers: "list[Future[object]]") -> tuple[str, str]:
    """(account id, name). A key that may not read its account still names it in any refusal."""
    failure = _failure(account)
    if failure is None:
        data = account.result().data
        dashboard = (data.get("settings") or {}).get("dashboard") or {}
        profile = data.get("business_profile") or {}
        return data["id"], dashboard.get("display_name") or profile.get("name") or data.get("email") or ""
    for refusal in (failure, *filter(None, map(_failure, answers))):
        named = _ACCOUNT.search(refusal.stripe_message)
        if named:
            return named[0], ""
    return "", ""
