"""Where the pinned API version differs from the description that the tests have.

The description is of 2026-05-27.dahlia, the pinned version is 2026-10-28.endive. Each entry names its source,
and a test fails for one that is no longer needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Field:
    """A field that the component `schema` does not have; `path` leads to it through nested hashes.

    `shape` is its JSON Schema.
    """

    schema: str
    path: str
    shape: dict[str, Any]
    source: str


_NULL = {"type": "null"}
_PAUSED = {
    "type": "object",
    "properties": {
        "subscription": {"type": "object", "properties": {"type": {"type": "string"}}, "required": ["type"]}
    },
    "required": ["subscription"],
}

FIELDS = (
    Field(
        "subscription",
        "status_details",
        {"anyOf": [{"type": "object", "properties": {"paused": {"anyOf": [_PAUSED, _NULL]}}}, _NULL]},
        "https://docs.stripe.com/changelog/endive/2026-09-30/pause-subscription",
    ),
    # Some lists inside objects always have it, though the description never says so.
    *(
        Field(
            schema,
            path,
            {"type": "integer"},
            "https://docs.stripe.com/changelog/basil/2025-03-31/deprecate-total-count-expansion",
        )
        for schema, path in (("subscription", "items.total_count"), ("invoice", "lines.total_count"))
    ),
    # Legacy fields: the SDK has them and the API answers them; the description leaves them out.
    Field(
        "product",
        "type",
        {"enum": ["good", "service"]},
        "https://docs.stripe.com/changelog/2018-02-05/products-require-type-field-differentiating-use",
    ),
    *(
        Field(
            schema, "plan", {"anyOf": [{"$ref": "#/components/schemas/plan"}, {"type": "string"}, _NULL]}, source
        )
        for source in ("https://docs.stripe.com/api/plans/object",)
        for schema in ("subscription_item", "subscription_schedule_configuration_item")
    ),
    Field(
        "subscription_schedule",
        "pause_schedules",
        {"type": "array"},
        "https://docs.stripe.com/changelog/endive/2026-09-30/pause-subscription",
    ),
    Field(
        "recurring",
        "trial_period_days",
        {"anyOf": [{"type": "integer"}, _NULL]},
        "https://docs.stripe.com/api/plans/object#plan_object-trial_period_days",
    ),
    Field(
        "portal_flows_flow",
        "subscription_pause",
        {"anyOf": [{"type": "object"}, _NULL]},
        "https://docs.stripe.com/changelog/endive/2026-09-30/pause-subscription",
    ),
)

# Routes that the description does not have, and the route that answers the same object.
PATHS = {
    # https://docs.stripe.com/changelog/endive/2026-09-30/pause-subscription
    "/v1/subscriptions/{subscription}/pause": "/v1/subscriptions/{subscription}/resume",
}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a route, such as `POST /v1/customers`, that is described otherwise or not at all."""

    route: str
    path: str
    shape: dict[str, Any]
    source: str


_UPDATE = "POST /v1/subscriptions/{subscription_exposed_id}"
_RESUME = "POST /v1/subscriptions/{subscription}/resume"
_PREVIEW = "POST /v1/invoices/create_preview"
_ANCHOR = {
    "type": "object",
    "properties": {"type": {"enum": ["now", "unchanged", "timestamp"]}, "timestamp": {"type": "integer"}},
    "required": ["type"],
    "additionalProperties": False,
}
_ANCHOR_SOURCE = "https://docs.stripe.com/changelog/endive/2026-09-30/polymorphic-billing-cycle-anchor"
_PAUSE_SOURCE = "https://docs.stripe.com/changelog/endive/2026-09-30/pause-subscription"
_STRING = {"type": "string"}

PARAMETERS = (
    Parameter(_UPDATE, "billing_cycle_anchor", _ANCHOR, _ANCHOR_SOURCE),
    Parameter(_RESUME, "billing_cycle_anchor", _ANCHOR, _ANCHOR_SOURCE),
    Parameter(_PREVIEW, "subscription_details.billing_cycle_anchor", _ANCHOR, _ANCHOR_SOURCE),
    Parameter(_RESUME, "payment_behavior", _STRING, _PAUSE_SOURCE),
    # Of the pause route, which stands on the description of the resume route.
    Parameter(_RESUME, "type", {"enum": ["subscription"]}, _PAUSE_SOURCE),
    Parameter(_RESUME, "bill_for", {"type": "object"}, _PAUSE_SOURCE),
    Parameter(_RESUME, "invoicing_behavior", {"enum": ["invoice", "pending_invoice_item"]}, _PAUSE_SOURCE),
    # Versions younger than the description.
    Parameter(
        "POST /v1/webhook_endpoints",
        "api_version",
        {"enum": ["2026-10-28.endive"]},
        "https://docs.stripe.com/changelog",
    ),
)
