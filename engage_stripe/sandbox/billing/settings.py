"""The plain settings of a subscription, and how its cancellation is planned."""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.billing.draft import Draft
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid, not_imitated
from engage_stripe.sandbox.resources.fields import assign, merge_metadata
from engage_stripe.sandbox.state import Account


def assign_settings(draft: Draft, params: dict[str, Any]) -> None:
    """Copy metadata, payment and collection settings from a request."""
    sub = draft.sub
    assign(sub, params, "description collection_method days_until_due")
    merge_metadata(sub, params)
    _set_method(draft, params, "default_payment_method", ("payment_method",))
    _set_method(draft, params, "default_source", ("card",))
    if sub["collection_method"] == "charge_automatically":
        if params.get("days_until_due") is not None:
            raise invalid(
                "`days_until_due` can only be set when `collection_method` is `send_invoice`.",
                param="days_until_due",
            )
        sub["days_until_due"] = None
    elif sub["days_until_due"] is None:
        raise invalid(
            "If you pass `collection_method=send_invoice`, you must specify a value for `days_until_due`.",
            param="days_until_due",
        )
    if "trial_settings" in params:
        given = (params["trial_settings"] or {}).get("end_behavior") or {}
        sub["trial_settings"] = {"end_behavior": {"missing_payment_method": "create_invoice", **given}}
    if "payment_settings" in params:
        sub["payment_settings"] = sub["payment_settings"] | (params["payment_settings"] or {})
    if "pause_collection" in params:
        given = params["pause_collection"]
        sub["pause_collection"] = given and {"resumes_at": None, **given}


def set_cancellation(draft: Draft, params: dict[str, Any]) -> None:
    """Plan or take back a cancellation.

    https://docs.stripe.com/billing/subscriptions/cancel, and for mixed intervals
    https://docs.stripe.com/billing/subscriptions/mixed-interval
    """
    sub = draft.sub
    _add_details(sub, params.get("cancellation_details"))
    if params.get("cancel_at_period_end") and params.get("cancel_at") is not None:
        raise invalid("You may only specify one of these parameters: cancel_at_period_end, cancel_at.")
    if "cancel_at" in params:
        _plan(draft, _moment(draft, params["cancel_at"]), at_period_end=False)
    elif params.get("cancel_at_period_end"):
        _plan(draft, _common_end(draft), at_period_end=True)
    elif "cancel_at_period_end" in params and sub["cancel_at_period_end"]:
        _plan(draft, None, at_period_end=False)
    elif sub["cancel_at_period_end"]:
        # https://docs.stripe.com/changelog/basil/2025-07-30/cancel-at-enums: it follows the period, a date does not
        sub["cancel_at"] = min(_ends(draft))


def _plan(draft: Draft, at: int | None, *, at_period_end: bool) -> None:
    sub = draft.sub
    if at != sub["cancel_at"]:
        sub["canceled_at"] = None if at is None else draft.now
    sub["cancel_at"] = at
    sub["cancel_at_period_end"] = at_period_end
    sub["cancellation_details"]["reason"] = None if at is None else "cancellation_requested"


def _moment(draft: Draft, given: int | str | None) -> int | None:
    ends = _ends(draft)
    if given is None:
        return None
    if given in ("min_period_end", "max_period_end"):
        return min(ends) if given == "min_period_end" else max(ends)
    if not isinstance(given, int):
        raise not_imitated(f"cancel_at={given}", param="cancel_at")
    if given <= draft.now:
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", param="cancel_at")
    return given


def _common_end(draft: Draft) -> int:
    ends = set(_ends(draft))
    if len(ends) > 1:
        raise invalid(
            "`cancel_at_period_end` cannot be used on a subscription whose items have different billing "
            "periods. Use `cancel_at` with `min_period_end` or `max_period_end` instead.",
            param="cancel_at_period_end",
        )
    return ends.pop()


def _ends(draft: Draft) -> list[int]:
    """Where the items' periods end by themselves, an earlier plan to cancel aside."""
    return [item["_whole_end"] or item["current_period_end"] for item in draft.items]


def _add_details(sub: Obj, given: dict[str, Any] | None) -> None:
    if given:
        sub["cancellation_details"] = sub["cancellation_details"] | given


def _set_method(draft: Draft, params: dict[str, Any], name: str, types: tuple[str, ...]) -> None:
    if name not in params:
        return
    id = params[name]
    if id is not None:
        _check_owner(draft.account, draft.sub["customer"], id, name, types)
    draft.sub[name] = id


def _check_owner(account: Account, customer: str, id: str, name: str, types: tuple[str, ...]) -> None:
    found = next((each for type in types if (each := account.get(type, id))), None)
    if found is None:
        raise invalid(f"No such PaymentMethod: '{id}'", param=name, code="resource_missing")
    if found["customer"] != customer:
        raise invalid(
            f"The customer does not have a payment method with the ID {id}. The payment method must be "
            "attached to the customer.",
            param=name,
            code="resource_missing",
        )
