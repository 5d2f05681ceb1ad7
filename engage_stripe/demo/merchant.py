"""The merchant whose Stripe account the demo connects: sets up a shop, then lives through a few busy minutes.

It acts as a merchant's own back office would, over Stripe's HTTP API with the account's secret key; nothing here
is known to the connector.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

SECRET_KEY = "sk_test_demo51Engage"  # noqa: S105  the sandbox prints it at every start
RESTRICTED_KEY = "rk_test_demoFull51Engage"

PLANS = (
    # product, monthly and yearly price in cents
    ("Starter", 900, 9_000),
    ("Pro", 2_900, 29_000),
    ("Team", 7_900, 79_000),
)
COUPONS = (
    {
        "id": "STAY20",
        "name": "20 % off if you stay",
        "percent_off": "20",
        "duration": "repeating",
        "duration_in_months": "3",
    },
    {"id": "WELCOME5", "name": "5 dollars off", "amount_off": "500", "currency": "usd", "duration": "once"},
)


@dataclass(frozen=True, slots=True)
class Shop:
    """Price ids by ``(product name, interval)``."""

    prices: dict[tuple[str, str], str]


class Merchant:
    """One Stripe account, seen from its owner's side."""

    def __init__(self, stripe_url: str) -> None:
        self._http = httpx.Client(base_url=stripe_url, auth=(SECRET_KEY, ""), timeout=30)
        self._admin = httpx.Client(base_url=f"{stripe_url}/_sandbox", timeout=120)

    def post(self, path: str, **parameters: Any) -> dict[str, Any]:
        """Call Stripe; nested parameters are written as Stripe's form encoding wants them."""
        return _answer(self._http.post(f"/v1/{path}", data=dict(_form(parameters))))

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        return _answer(self._http.get(f"/v1/{path}", params=dict(_form(parameters))))

    def admin(self, path: str, **body: Any) -> dict[str, Any]:
        """Steer the sandbox itself: how it delivers webhooks."""
        return _answer(self._admin.post(f"/{path}", json=body))

    def changes_of(self, subscription: str) -> list[dict[str, Any]]:
        """The requests that changed a subscription, as Stripe logged them, oldest first."""
        logged = _answer(self._admin.get("/requests", params={"path": f"/v1/subscriptions/{subscription}"}))
        return [entry for entry in logged["data"] if entry["method"] == "POST" and entry["status"] == 200]

    def open_shop(self) -> Shop:
        """Products, prices, coupons and a promotion code; found again where an earlier run made them."""
        found = {
            (price["product"]["name"], price["recurring"]["interval"]): price["id"]
            for price in self.get("prices", limit=100, expand=["data.product"])["data"]
        }
        if found:
            return Shop(found)
        prices = {}
        for name, month, year in PLANS:
            product = self.post("products", name=name)["id"]
            for interval, amount in (("month", month), ("year", year)):
                price = self.post(
                    "prices", product=product, unit_amount=amount, currency="usd", recurring={"interval": interval}
                )
                prices[name, interval] = price["id"]
        for coupon in COUPONS:
            self.post("coupons", **coupon)
        self.post("promotion_codes", promotion={"type": "coupon", "coupon": "STAY20"}, code="COMEBACK")
        return Shop(prices)

    def add_customer(self, *, email: str, price: str | None) -> str:
        """A customer with a Visa card and, where a price is named, a subscription to it. Returns ``cus_…``."""
        customer: str = self.post(
            "customers",
            email=email,
            payment_method="pm_card_visa",
            invoice_settings={"default_payment_method": "pm_card_visa"},
        )["id"]
        if price:
            self.post("subscriptions", customer=customer, items=[{"price": price}])
        return customer

    def customers_by_email(self) -> dict[str, str]:
        """Every customer's id by email."""
        found: dict[str, str] = {}
        page = self.get("customers", limit=100)
        while True:
            found |= {customer["email"]: customer["id"] for customer in page["data"]}
            if not page["has_more"]:
                return found
            page = self.get("customers", limit=100, starting_after=page["data"][-1]["id"])

    def replace_card(self, customer: str, payment_method: str) -> None:
        """Attach one of Stripe's test cards and make it the customer's default."""
        card = self.post(f"payment_methods/{payment_method}/attach", customer=customer)["id"]
        self.post(f"customers/{customer}", invoice_settings={"default_payment_method": card})


def _form(parameters: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    match parameters:
        case dict():
            for name, value in parameters.items():
                yield from _form(value, f"{prefix}[{name}]" if prefix else name)
        case str():
            yield prefix, parameters
        case bool():
            yield prefix, "true" if parameters else "false"
        case Sequence():
            for index, value in enumerate(parameters):
                yield from _form(value, f"{prefix}[{index}]")
        case _:
            yield prefix, str(parameters)


def _answer(response: httpx.Response) -> dict[str, Any]:
    if response.is_error:
        raise RuntimeError(
            f"{response.request.method} {response.request.url}: {response.status_code} {response.text}"
        )
    body: dict[str, Any] = response.json()
    return body
