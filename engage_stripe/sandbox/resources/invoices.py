"""Invoices: https://docs.stripe.com/api/invoices."""

from __future__ import annotations

from engage_stripe.sandbox.billing import collecting
from engage_stripe.sandbox.billing.payment import no_payment_method, payment_error
from engage_stripe.sandbox.billing.preview import preview_invoice
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.listing import PAGING, list_object, list_of
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape
from engage_stripe.sandbox.state import Account

MAX_NESTED = 10


def retrieve(call: Call) -> Obj:
    """`GET /v1/invoices/{invoice}`."""
    return _find(call)


def index(call: Call) -> Obj:
    """`GET /v1/invoices`."""
    params = call.params
    names = ("status", "collection_method")
    wanted = {name: params[name] for name in names if name in params}
    subscription = params.get("subscription")
    return list_of(
        call,
        "invoice",
        where=lambda invoice: (
            all(invoice[name] == value for name, value in wanted.items())
            and (subscription is None or invoice["parent"]["subscription_details"]["subscription"] == subscription)
        ),
        customer=params.get("customer"),
    )


def finalize(call: Call) -> Obj:
    """`POST /v1/invoices/{invoice}/finalize`."""
    invoice = _find(call)
    _check_draft(invoice)
    collecting.finalize_draft(call.account, invoice, _now(call, invoice))
    return invoice


def pay(call: Call) -> Obj:
    """`POST /v1/invoices/{invoice}/pay`: 402 when the payment fails or needs authentication."""
    account, invoice = call.account, _find(call)
    now = _now(call, invoice)
    if invoice["status"] == "draft":
        collecting.finalize_draft(account, invoice, now)
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid", code="invoice_already_paid")
    if invoice["status"] == "void":
        raise invalid("This invoice is void and can no longer be paid.")
    if call.params.get("paid_out_of_band"):
        collecting.paid(account, invoice, now, out_of_band=True)
        return invoice
    method = call.params.get("payment_method") or call.params.get("source")
    outcome = collecting.attempt(account, invoice, now, method=_own(account, invoice, method))
    if outcome is None:
        raise no_payment_method()
    if outcome.status != "succeeded":
        raise payment_error(outcome, "invoice")
    return invoice


def void(call: Call) -> Obj:
    """`POST /v1/invoices/{invoice}/void`: open and uncollectible ones only."""
    invoice = _find(call)
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid("You can only pass in open invoices. This invoice isn't open.")
    collecting.voided(call.account, invoice, _now(call, invoice))
    return invoice


def mark_uncollectible(call: Call) -> Obj:
    """`POST /v1/invoices/{invoice}/mark_uncollectible`."""
    invoice = _find(call)
    if invoice["status"] != "open":
        raise invalid("You can only pass in open invoices. This invoice isn't open.")
    collecting.uncollectible(call.account, invoice, _now(call, invoice))
    return invoice


def lines(call: Call) -> Obj:
    """`GET /v1/invoices/{invoice}/lines`."""
    return list_of(call, "line_item", within=_find(call)["_lines"])


def create_preview(call: Call) -> Obj:
    """`POST /v1/invoices/create_preview`: what would be billed; nothing is stored."""
    return preview_invoice(call.account, call.params)


def show(_account: Account, invoice: Obj) -> Obj:
    """The API form: lines as a list object, the first ten of them."""
    shown = {name: value for name, value in invoice.items() if name[0] != "_"}
    all_lines = invoice["_lines"]
    url = f"/v1/invoices/{invoice['id']}/lines"
    page = list_object(url, all_lines[:MAX_NESTED], has_more=len(all_lines) > MAX_NESTED)
    shown["lines"] = {**page, "total_count": len(all_lines)}
    return shown


def confirmation_secret(account: Account, invoice: Obj) -> Obj | None:
    """What Stripe.js confirms a payment with: https://docs.stripe.com/api/invoices/object."""
    if invoice["status"] != "open" or invoice["amount_due"] == 0:
        return None
    return {"client_secret": f"pi_{invoice['id'][3:]}_secret_{account.id[5:]}", "type": "payment_intent"}


def _find(call: Call) -> Obj:
    return call.account.find("invoice", call.path["invoice"])


def _now(call: Call, invoice: Obj) -> int:
    return call.account.now(invoice["customer"])


def _check_draft(invoice: Obj) -> None:
    if invoice["status"] != "draft":
        raise invalid(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
            code="invoice_not_editable",
        )


def _own(account: Account, invoice: Obj, method: str | None) -> str | None:
    if method is None:
        return None
    stored = account.get("payment_method", method) or account.get("card", method)
    if stored is None or stored["customer"] != invoice["customer"]:
        raise invalid(f"No such PaymentMethod: '{method}'", param="payment_method", code="resource_missing")
    return method


_ONE = "/v1/invoices/{invoice}"

ROUTES = (
    Route(
        "GET",
        "/v1/invoices",
        index,
        "invoice_read",
        accepts=f"{PAGING} collection_method created customer status subscription",
    ),
    Route(
        "POST",
        "/v1/invoices/create_preview",
        create_preview,
        "invoice_read",
        accepts="currency customer discounts subscription subscription_details",
        refuses="subscription_details.billing_schedules subscription_details.default_tax_rates "
        "subscription_details.start_date subscription_details.items.billing_thresholds "
        "subscription_details.items.current_trial subscription_details.items.tax_rates",
    ),
    Route("GET", _ONE, retrieve, "invoice_read"),
    Route("GET", f"{_ONE}/lines", lines, "invoice_read", accepts=PAGING),
    Route("POST", f"{_ONE}/finalize", finalize, "invoice_write"),
    Route(
        "POST",
        f"{_ONE}/pay",
        pay,
        "invoice_write",
        accepts="off_session paid_out_of_band payment_method source",
    ),
    Route("POST", f"{_ONE}/void", void, "invoice_write"),
    Route("POST", f"{_ONE}/mark_uncollectible", mark_uncollectible, "invoice_write"),
)

SHAPES = {
    "invoice": Shape(
        render=show,
        includable={"confirmation_secret": confirmation_secret},
    ),
    "line_item": Shape(),
    "invoiceitem": Shape(
        render=lambda _account, item: {name: value for name, value in item.items() if name[0] != "_"}
    ),
}
