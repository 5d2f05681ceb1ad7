"""What a change of plan or quantity costs: Stripe's own figures where the key may read them, else an
estimate.
"""

from decimal import Decimal
from typing import Any, cast

from django.utils import timezone

from actions.catalogue import find_entry
from actions.definition import StripeRequest
from connector.models import Connection
from connector.stripe_gateway import StripeGateway
from sync.models import Price

_PREVIEWED = ("items", "proration_behavior", "trial_end", "billing_cycle_anchor")


def exact_amounts(gateway: StripeGateway, request: StripeRequest) -> dict[str, Any]:
    """https://docs.stripe.com/api/invoices/create_preview: the next invoice as the change would make it."""
    details = {name: request.params[name] for name in _PREVIEWED if name in request.params}
    params: dict[str, Any] = {"subscription": request.id, "subscription_details": details}
    if "discounts" in request.params:
        params["discounts"] = request.params["discounts"]
    invoice = gateway.preview_invoice(cast("Any", params)).data
    proration = sum(line["amount"] for line in invoice["lines"]["data"] if _is_proration(line))
    at_once = request.params.get("proration_behavior") == "always_invoice" or _restarts(request)
    return {
        "currency": invoice["currency"],
        "due_now": max(invoice["amount_due"], 0) if at_once else 0,
        "proration": proration,
        "exact": True,
    }


def _is_proration(line: dict[str, Any]) -> bool:
    details = (line.get("parent") or {}).get("subscription_item_details") or {}
    return bool(details.get("proration"))


def _restarts(request: StripeRequest) -> bool:
    return "billing_cycle_anchor" in request.params or request.params.get("trial_end") == "now"


def estimate_amounts(
    connection: Connection, request: StripeRequest, before: dict[str, Any]
) -> dict[str, Any] | None:
    """Unused time of the old plan against the same time of the new one, before discounts and tax.

    None where a plan has no fixed amount or the subscription is on a trial.
    """
    (new_item,) = request.params["items"]
    old_item = next((item for item in before["items"] if item["id"] == new_item["id"]), None)
    if old_item is None or before["status"] == "trialing" or "price_data" in new_item:
        return None
    old = find_entry(Price, connection=connection, stripe_id=old_item["price"])
    new = find_entry(Price, connection=connection, stripe_id=new_item.get("price", old_item["price"]))
    if old is None or new is None or old.unit_amount is None or new.unit_amount is None:
        return None
    old_amount = old.unit_amount * (old_item["quantity"] or 1)
    new_amount = new.unit_amount * (new_item.get("quantity") or 1)
    unused = _unused_share(before)
    restarts = _restarts(request) or (old.interval, old.interval_count) != (new.interval, new.interval_count)
    charged = new_amount if restarts else new_amount * unused
    prorates = request.params["proration_behavior"] != "none"
    proration = round(charged - old_amount * unused) if prorates else 0
    at_once = request.params["proration_behavior"] == "always_invoice"
    due_now = proration if prorates else round(charged)
    return {
        "currency": old.currency,
        "due_now": max(due_now, 0) if at_once or restarts else 0,
        "proration": proration,
        "exact": False,
    }


def _unused_share(before: dict[str, Any]) -> Decimal:
    start, end = before["current_period_start"], before["current_period_end"]
    left = max(end - timezone.now().timestamp(), 0)
    return Decimal(str(min(left / (end - start), 1))) if end > start else Decimal(0)
