"""Payment methods other than cards: US bank accounts, SEPA debits and Link. Charging one succeeds at once.

https://docs.stripe.com/payments/ach-direct-debit, https://docs.stripe.com/payments/sepa-debit and
https://docs.stripe.com/payments/link
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.resources.cards_on_file import blank_payment_method, fingerprint
from engage_stripe.sandbox.state import Account

_IBAN_LENGTHS = range(15, 35)


def new_other_method(account: Account, params: dict[str, Any]) -> Obj:
    """A payment method of one of `KINDS` that is not stored; StripeError 400 when something is missing."""
    kind = params["type"]
    return blank_payment_method(account, kind, KINDS[kind](account, params))


def _us_bank_account(account: Account, params: dict[str, Any]) -> Obj:
    given = params.get("us_bank_account") or {}
    for name in ("account_holder_type", "account_number", "routing_number"):
        _require(given, name, "us_bank_account")
    _require(params.get("billing_details") or {}, "name", "billing_details")
    return {
        "account_holder_type": given["account_holder_type"],
        "account_type": given.get("account_type", "checking"),
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "fingerprint": fingerprint(account, given["routing_number"] + given["account_number"]),
        "last4": given["account_number"][-4:],
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": given["routing_number"],
        "status_details": {},
    }


def _sepa_debit(account: Account, params: dict[str, Any]) -> Obj:
    given = params.get("sepa_debit") or {}
    _require(given, "iban", "sepa_debit")
    for name in ("name", "email"):
        _require(params.get("billing_details") or {}, name, "billing_details")
    iban = given["iban"].replace(" ", "").upper()
    if len(iban) not in _IBAN_LENGTHS or not iban[:2].isalpha() or not iban[2:4].isdecimal():
        raise invalid(
            "The IBAN you provided is invalid.", param="sepa_debit[iban]", code="invalid_bank_account_iban"
        )
    return {
        "bank_code": iban[4:12],
        "branch_code": "",
        "country": iban[:2],
        "fingerprint": fingerprint(account, iban),
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": iban[-4:],
    }


def _link(_account: Account, params: dict[str, Any]) -> Obj:
    return {"email": (params.get("billing_details") or {}).get("email")}


def _require(given: dict[str, Any], name: str, parent: str) -> None:
    if not given.get(name):
        param = f"{parent}[{name}]"
        raise invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")


KINDS: dict[str, Callable[[Account, dict[str, Any]], Obj]] = {
    "link": _link,
    "sepa_debit": _sepa_debit,
    "us_bank_account": _us_bank_account,
}
