"""Redeeming coupons and promotion codes, and what a `discounts` parameter means.

A populated list overwrites, an empty one changes nothing, an empty string clears; `{discount}` keeps a live
discount, `{coupon}` and `{promotion_code}` mint a new one and use up a redemption.
https://docs.stripe.com/billing/subscriptions/coupons
"""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.billing.charges import full_amount
from engage_stripe.sandbox.billing.customer_discounts import blank_discount, customer_discount
from engage_stripe.sandbox.billing.discounting import coupon_amount_off
from engage_stripe.sandbox.billing.draft import Draft
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import StripeError, invalid, missing

Given = list[dict[str, Any]] | None


def set_discounts(draft: Draft, holder: Obj, given: Given, param: str = "discounts") -> None:
    """Give `holder` (the draft's subscription or one of its items) the discounts a request names."""
    if given is not None and not given:
        return
    old = list(holder["discounts"])
    new = [_discount(draft, holder, each, f"{param}[{place}]") for place, each in enumerate(given or [])]
    if len(set(new)) < len(new):
        raise invalid("You may not pass duplicate discounts.", param=param)
    holder["discounts"] = new
    of_customer = customer_discount(draft.account, draft.sub["customer"])
    draft.dropped += [draft.discount(id) for id in old if id not in (*new, of_customer)]


def _discount(draft: Draft, holder: Obj, given: dict[str, Any], param: str) -> str:
    if len(given) != 1:
        raise invalid("You must pass exactly one of coupon, discount or promotion_code.", param=param)
    if "discount" in given:
        of_customer = customer_discount(draft.account, draft.sub["customer"])
        if given["discount"] not in (*holder["discounts"], of_customer):
            raise missing("discount", given["discount"], param=f"{param}[discount]", status=400)
        return str(given["discount"])
    if "coupon" in given:
        return _mint(draft, holder, _coupon(draft, given["coupon"], f"{param}[coupon]"), None)
    code, coupon = _promotion(draft, given["promotion_code"], f"{param}[promotion_code]")
    return _mint(draft, holder, coupon, code)


def _coupon(draft: Draft, id: str, param: str) -> Obj:
    coupon = draft.account.find("coupon", id, param=param, status=400)
    if not redeemable(coupon, draft.now):
        raise invalid(f"Coupon expired: {id}", param=param, code="coupon_expired")
    fixed = coupon.get("percent_off") is None
    if fixed and coupon_amount_off(coupon, draft.sub["currency"]) is None:
        raise invalid(
            f"The coupon `{id}` is in {coupon['currency']} and cannot be applied to a subscription in "
            f"{draft.sub['currency']}.",
            param=param,
        )
    return coupon


def redeemable(coupon: Obj, now: int) -> bool:
    """https://docs.stripe.com/api/coupons/object#coupon_object-valid."""
    limit, last = coupon.get("max_redemptions"), coupon.get("redeem_by")
    spent = limit is not None and coupon["times_redeemed"] >= limit
    return not spent and (last is None or now <= last)


def _promotion(draft: Draft, id: str, param: str) -> tuple[Obj, Obj]:
    code = draft.account.find("promotion_code", id, param=param, status=400)
    expires, limit = code.get("expires_at"), code.get("max_redemptions")
    if not code["active"] or (expires is not None and draft.now > expires):
        raise _unusable("This promotion code is expired or inactive.", param, "promotion_code_expired")
    if limit is not None and code["times_redeemed"] >= limit:
        raise _unusable("This promotion code has been fully redeemed.", param, "promotion_code_expired")
    if code.get("customer") not in (None, draft.sub["customer"]):
        raise _unusable("This promotion code cannot be redeemed by this customer.", param, None)
    _check_restrictions(draft, code, param)
    return code, _coupon(draft, code["promotion"]["coupon"], param)


def _check_restrictions(draft: Draft, code: Obj, param: str) -> None:
    restrictions = code.get("restrictions") or {}
    if restrictions.get("first_time_transaction") and _has_paid(draft):
        raise _unusable(
            "This promotion code cannot be redeemed because the associated customer has prior transactions.",
            param,
            "promotion_code_customer_not_first_time",
        )
    minimum = restrictions.get("minimum_amount")
    if minimum is not None and _whole_amount(draft) < minimum:
        raise _unusable(
            "This promotion code cannot be redeemed because the minimum amount is not met.",
            param,
            "promotion_code_minimum_amount_not_met",
        )


def _unusable(message: str, param: str, code: str | None) -> StripeError:
    return invalid(message, param=param, code=code)


def _has_paid(draft: Draft) -> bool:
    """https://docs.stripe.com/billing/subscriptions/coupons: no earlier charge that succeeded."""
    invoices = draft.account.collection("invoice").of_customer(draft.sub["customer"])
    return any(invoice["amount_paid"] > 0 for invoice in invoices)


def _whole_amount(draft: Draft) -> int:
    return sum(full_amount(draft, item) for item in draft.items)


def _mint(draft: Draft, holder: Obj, coupon: Obj, code: Obj | None) -> str:
    minted = blank_discount(draft.account, draft.sub["customer"], coupon, draft.now)
    minted |= {
        "promotion_code": code["id"] if code else None,
        "subscription": draft.sub["id"],
        "subscription_item": holder["id"] if holder["object"] == "subscription_item" else None,
    }
    draft.minted[minted["id"]] = minted
    draft.redeemed += [coupon] if code is None else [coupon, code]
    return str(minted["id"])
