"""The breaking changes of Stripe's API that the sandbox can undo, newest first.

Each function takes one object in the shape that a version introduced and returns it in the shape
of the version before. Only the objects that our events carry are covered.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engage_stripe.sandbox.plans import plan_of

Json = dict[str, Any]
Fetch = Callable[[str, str], Json | None]
"""An object by its type and id, None when it is gone."""


INCLUDED_LISTS = ("sources", "subscriptions", "tax_ids")
"""Lists that `Fetch` adds to a customer, where there are any."""


@dataclass(frozen=True)
class VersionChange:
    """What one API version changed: its date (`YYYY-MM-DD`), and how to undo it by object name."""

    since: str
    undo: Mapping[str, Callable[[Json, Fetch], Json]]


def _embed_coupon_in_discount(discount: Json, fetch: Fetch) -> Json:
    """Undo https://docs.stripe.com/changelog/clover/2025-09-30/add-discount-source-property."""
    source = discount.pop("source", None) or {}
    return {**discount, "coupon": _embedded("coupon", source.get("coupon"), fetch)}


def _embed_coupon_in_promotion_code(promotion_code: Json, fetch: Fetch) -> Json:
    """Undo https://docs.stripe.com/changelog/clover/2025-09-30/polymorphic-coupon."""
    promotion = promotion_code.pop("promotion", None) or {}
    return {**promotion_code, "coupon": _embedded("coupon", promotion.get("coupon"), fetch)}


def _lift_period_to_subscription(subscription: Json, fetch: Fetch) -> Json:
    """Undo three changes of 2025-03-31.basil on subscriptions.

    https://docs.stripe.com/changelog/basil/2025-03-31/deprecate-subscription-current-period-start-and-end
    https://docs.stripe.com/changelog/basil/2025-03-31/deprecate-singular-coupon-promotion-code
    The subscription-level `plan` and `quantity` are null when there are several items.
    """
    items = subscription.get("items", {}).get("data", [])
    only_item = items[0] if len(items) == 1 else {}
    discounts = subscription.get("discounts") or [None]
    ends_first: Json = min(items, key=lambda item: item["current_period_end"], default={})
    lifted = {
        **subscription,
        "current_period_start": ends_first.get("current_period_start"),
        "current_period_end": ends_first.get("current_period_end"),
        "discount": _embedded("discount", discounts[0], fetch),
        "plan": only_item.get("plan"),
        "quantity": only_item.get("quantity"),
    }
    for item in items:
        del item["current_period_start"], item["current_period_end"]
    return lifted


def _flatten_invoice_parent(invoice: Json, fetch: Fetch) -> Json:
    """Undo https://docs.stripe.com/changelog/basil/2025-03-31/adds-new-parent-field-to-invoicing-objects.

    As seen at Stripe rather than documented: `parent` stays (https://github.com/adrienverge/localstripe/pull/254),
    and `subscription` is null for flexible billing mode (https://github.com/airbytehq/airbyte/issues/85818).
    """
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    billed = fetch("subscription", details.get("subscription") or "") or {}
    is_flexible = (billed.get("billing_mode") or {}).get("type") == "flexible"
    return {
        **invoice,
        "paid": invoice.get("status") == "paid",
        "quote": None,
        "subscription": None if is_flexible else details.get("subscription"),
        "subscription_details": {"metadata": details.get("metadata")},
    }


def _flatten_line_parent(line: Json, fetch: Fetch) -> Json:
    """Undo the `parent` of the change above and `pricing` on a line.

    https://docs.stripe.com/changelog/basil/2025-03-31/invoice-pricing-configurations
    """
    details = _line_details(line.pop("parent", None) or {})
    pricing = line.pop("pricing", None) or {}
    price = _embedded("price", (pricing.get("price_details") or {}).get("price"), fetch)
    return {
        **line,
        "type": "subscription" if details.get("subscription_item") else "invoiceitem",
        "subscription": details.get("subscription"),
        "subscription_item": details.get("subscription_item"),
        "proration": details.get("proration", False),
        "price": price,
        "plan": None if price is None else plan_of(price),
    }


def _embed_lists_in_customer(customer: Json, fetch: Fetch) -> Json:
    """Undo the three changes of 2020-08-27 that stopped including lists in a customer.

    https://docs.stripe.com/changelog/2020-08-27/deprecates-auto-expansion-customer-sources and the
    changes beside it for subscriptions and tax ids.
    """
    if customer.get("deleted"):
        return customer
    full = fetch("customer", customer["id"]) or {}
    lists = {name: full.get(name) or _empty_list(customer["id"], name) for name in INCLUDED_LISTS}
    return {**customer, **lists}


def _empty_list(customer_id: str, name: str) -> Json:
    url = f"/v1/customers/{customer_id}/{name}"
    return {"object": "list", "data": [], "has_more": False, "total_count": 0, "url": url}


def _line_details(parent: Json) -> Json:
    details: Json = parent.get("subscription_item_details") or parent.get("invoice_item_details") or {}
    return details


def _embedded(object_type: str, reference: Json | str | None, fetch: Fetch) -> Json | None:
    return fetch(object_type, reference) if isinstance(reference, str) else reference


CHANGES = (
    VersionChange(
        since="2025-09-30",
        undo={
            "discount": _embed_coupon_in_discount,
            "promotion_code": _embed_coupon_in_promotion_code,
        },
    ),
    VersionChange(
        since="2025-03-31",
        undo={
            "subscription": _lift_period_to_subscription,
            "invoice": _flatten_invoice_parent,
            "line_item": _flatten_line_parent,
        },
    ),
    VersionChange(since="2020-08-27", undo={"customer": _embed_lists_in_customer}),
)
