"""Products: https://docs.stripe.com/api/products."""

from __future__ import annotations

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.listing import PAGING, list_of
from engage_stripe.sandbox.resources.fields import assign, merge_metadata
from engage_stripe.sandbox.resources.new_product import new_product
from engage_stripe.sandbox.resources.prices import create_price
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape

PLAIN = (
    "active description images marketing_features name package_dimensions shippable statement_descriptor tax_code "
    "unit_label url"
)
PRICE_DATA = "currency unit_amount unit_amount_decimal recurring tax_behavior metadata"


def create(call: Call) -> Obj:
    """`POST /v1/products`, with its first price when `default_price_data` is given."""
    params = call.params
    product = new_product(call.account, params["name"], id=params.get("id"))
    assign(product, params, f"{PLAIN} type")
    merge_metadata(product, params)
    call.account.add(product)
    data = params.get("default_price_data")
    if data is not None:
        price = create_price(call.account, {**data, "product": product["id"]})
        product["default_price"] = price["id"]
    call.account.emit("product.created", product)
    return product


def retrieve(call: Call) -> Obj:
    """`GET /v1/products/{id}`."""
    return call.account.find("product", call.path["id"])


def update(call: Call) -> Obj:
    """`POST /v1/products/{id}`."""
    product = call.account.find("product", call.path["id"])
    price = call.params.get("default_price")
    if price is not None:
        found = call.account.find("price", price, param="default_price", status=400)
        if found["product"] != product["id"]:
            raise invalid("The price does not belong to this product.", param="default_price")
    with call.account.changing(product, "product.updated"):
        assign(product, call.params, f"{PLAIN} default_price")
        merge_metadata(product, call.params)
        product["updated"] = call.now
    return product


def delete(call: Call) -> Obj:
    """`DELETE /v1/products/{id}`: refused while a price hangs on it."""
    product = call.account.find("product", call.path["id"])
    if any(price["product"] == product["id"] for price in call.account.collection("price")):
        raise invalid("This product cannot be deleted because it has one or more user-created prices.")
    call.account.emit("product.deleted", product)
    return call.account.remove(product)


def index(call: Call) -> Obj:
    """`GET /v1/products`."""
    wanted = {name: call.params[name] for name in ("active", "type", "url") if name in call.params}
    ids = call.params.get("ids")
    return list_of(
        call,
        "product",
        where=lambda product: (
            (ids is None or product["id"] in ids) and all(product[name] == value for name, value in wanted.items())
        ),
    )


ROUTES = (
    Route(
        "POST",
        "/v1/products",
        create,
        "product_write",
        accepts=f"{PLAIN} id metadata type default_price_data",
        refuses="default_price_data.currency_options default_price_data.custom_unit_amount",
    ),
    Route("GET", "/v1/products", index, "product_read", accepts=f"{PAGING} created active ids type url"),
    Route("GET", "/v1/products/{id}", retrieve, "product_read"),
    Route(
        "POST",
        "/v1/products/{id}",
        update,
        "product_write",
        accepts=f"{PLAIN} metadata default_price",
    ),
    Route("DELETE", "/v1/products/{id}", delete, "product_write"),
)

SHAPES = {"product": Shape()}
