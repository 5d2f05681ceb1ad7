"""Building a product: the products resource does it, and so does a price's `product_data`."""

from __future__ import annotations

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.state import Account


def new_product(account: Account, name: str, *, id: str | None = None) -> Obj:
    """A product that is not stored yet; StripeError when the id is taken."""
    if id is not None and account.get("product", id) is not None:
        raise invalid("Product already exists.", param="id", code="resource_already_exists")
    now = account.now()
    return {
        "id": id or account.ids.new("prod"),
        "object": "product",
        "active": True,
        "created": now,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": account.livemode,
        "marketing_features": [],
        "metadata": {},
        "name": name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": now,
        "url": None,
    }
