"""What a connection's credential may do at Stripe, and what each permission is for.

Stripe names permissions only in its errors; https://docs.stripe.com/keys/restricted-api-keys. The names of the
optional ones that end in ``_schedule_write`` and ``_meter_event_write`` are not documented anywhere: a probe that
meets another name records that name too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from connector.models import Connection

State = Literal["granted", "missing", "unknown"]


@dataclass(frozen=True, slots=True)
class Permission:
    """``resource`` and ``access`` are what the Stripe Dashboard shows; ``unlocks`` says what it is for."""

    name: str
    resource: str
    access: Literal["Read", "Write"]
    required: bool
    unlocks: str


PERMISSIONS = (
    Permission("rak_customer_write", "Customers", "Write", required=True, unlocks="Finding users, account credit"),
    Permission("rak_subscription_write", "Subscriptions", "Write", required=True, unlocks="Traits and actions"),
    Permission("rak_product_read", "Products", "Read", required=True, unlocks="Plan names"),
    Permission("rak_plan_read", "Prices", "Read", required=True, unlocks="Plans to choose in prompts"),
    Permission("rak_coupon_read", "Coupons", "Read", required=True, unlocks="Coupons to choose in prompts"),
    Permission(
        "rak_promotion_code_read", "Promotion Codes", "Read", required=True, unlocks="Promotion codes in prompts"
    ),
    Permission(
        "rak_payment_method_read",
        "Payment Methods",
        "Read",
        required=False,
        unlocks="The four payment card traits",
    ),
    Permission(
        "rak_source_read",
        "Sources",
        "Read",
        required=False,
        unlocks="The same traits of cards that were saved with Stripe's older Sources",
    ),
    Permission(
        "rak_invoice_read",
        "Invoices",
        "Read",
        required=False,
        unlocks="Exact previews, payment and 3-D Secure links",
    ),
    Permission(
        "rak_invoice_write", "Invoices", "Write", required=False, unlocks="Paying an open invoice in one click"
    ),
    Permission(
        "rak_subscription_schedule_write",
        "Subscription Schedules",
        "Write",
        required=False,
        unlocks="Switching plans at the end of the period",
    ),
    Permission(
        "rak_customer_portal_session_write",
        "Customer portal",
        "Write",
        required=False,
        unlocks="Links for changing the payment method",
    ),
    Permission(
        "rak_billing_meter_event_write", "Meter Events", "Write", required=False, unlocks="Recording usage"
    ),
    Permission("rak_billing_meter_read", "Meters", "Read", required=False, unlocks="Meters to choose in prompts"),
    Permission(
        "rak_webhook_write",
        "Webhook Endpoints",
        "Write",
        required=False,
        unlocks="Creating the webhook endpoint for you",
    ),
)
REQUIRED = tuple(permission for permission in PERMISSIONS if permission.required)


@dataclass(frozen=True, slots=True)
class Finding:
    """One permission as a probe found it; ``message`` is Stripe's own where it said something."""

    permission: Permission
    state: State
    message: str


def allows(connection: Connection, permission: str) -> bool:
    """Whether the credential is known to have the permission (``rak_…``). A Connect platform may do everything."""
    if connection.method == Connection.Method.CONNECT:
        return True
    if _state(connection.permissions, permission) == "granted":
        return True
    if not permission.endswith("_read"):
        return False
    writing = permission.removesuffix("_read") + "_write"  # Stripe's "Write" includes reading
    return _state(connection.permissions, writing) == "granted"


def describe_permissions(found: Mapping[str, Any]) -> list[Finding]:
    """The whole table, required ones first. ``found`` is ``Connection.permissions``: name → {state, message}."""
    return [
        Finding(permission, _state(found, permission.name), found.get(permission.name, {}).get("message", ""))
        for permission in PERMISSIONS
    ]


def describe_permission(name: str) -> str:
    """What to tick in Stripe, ``Payment Methods → Read``; the name itself for one that is not in the table."""
    found = next((permission for permission in PERMISSIONS if permission.name == name), None)
    return f"{found.resource} → {found.access}" if found else name


def missing_required(found: Mapping[str, Any]) -> list[Permission]:
    return [permission for permission in REQUIRED if _state(found, permission.name) == "missing"]


def unproven_required(found: Mapping[str, Any]) -> list[Permission]:
    """Required permissions that are not known to be granted: missing ones and those Stripe gave no answer on."""
    return [permission for permission in REQUIRED if _state(found, permission.name) != "granted"]


def dashboard_link(*, app_name: str) -> str:
    """A Dashboard address that prefills a key with every permission of the table. Stripe does not document it."""
    names = [("permissions[]", permission.name) for permission in PERMISSIONS]
    return "https://dashboard.stripe.com/apikeys/create?" + urlencode([("name", f"Engage: {app_name}"), *names])


def _state(found: Mapping[str, Any], name: str) -> State:
    state: State = found.get(name, {}).get("state", "unknown")
    return state
