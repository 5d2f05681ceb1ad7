"""What the mirrored catalogue says about the plan that an action is about to use; how coupons and codes are found."""

from functools import cache
from typing import Any, TypeVar

from django.db.models import OuterRef, Subquery

from actions.definition import Click
from actions.outcomes import NotAllowedError
from actions.wording import plan_in_words
from connector.errors import StripeError
from connector.models import Connection
from connector.prepared import Prepared, given
from connector.stripe_gateway import StripeGateway
from sync.models import Coupon, Price, Product, PromotionCode
from sync.models.mirrors import Mirrored
from sync.observations import apply_objects

_Entry = TypeVar("_Entry", bound=Mirrored)
_RESOURCES: dict[type[Mirrored], tuple[str, tuple[str, ...]]] = {
    Price: ("prices", ("product", "currency_options")),
    Coupon: ("coupons", ("applies_to", "currency_options")),
    PromotionCode: ("promotion_codes", ("promotion.coupon",)),
}


def find_entry(
    model: type[_Entry], *, connection: Connection, stripe_id: str, gateway: StripeGateway | None = None
) -> _Entry | None:
    """The price, coupon or promotion code: from the mirror, else from Stripe, and then it is mirrored.

    None where Stripe does not have it either. A click passes its own ``gateway``, which keeps to the click's time.
    Raises ``StripeError``.
    """
    found = _mirrored(model).first(connection=connection.id, stripe_id=stripe_id)
    if found is None:
        gateway = gateway or StripeGateway(connection, priority="click")
        if _read_entry(model, connection, stripe_id, gateway):
            found = _mirrored(model).first(connection=connection.id, stripe_id=stripe_id)
    return None if found is None or found.deleted else found


@cache
def _mirrored(model: type[_Entry]) -> Prepared[_Entry]:
    rows = model._default_manager  # noqa: SLF001  the documented way to any model's rows
    return Prepared(lambda: rows.filter(connection_id=given("connection"), stripe_id=given("stripe_id")))


def _read_entry(model: type[Mirrored], connection: Connection, stripe_id: str, gateway: StripeGateway) -> bool:
    resource, expand = _RESOURCES[model]
    try:
        fetched = gateway.retrieve(resource, stripe_id, expand=expand)
    except StripeError as error:
        if error.http_status == 404:
            return False
        raise
    source = {"request": fetched.request_id}
    apply_objects(connection=connection, objects=[fetched.data], rank=fetched.rank, source=source)
    return True


_PRODUCT = Product.objects.filter(connection_id=OuterRef("connection_id"), stripe_id=OuterRef("product"))
_PLAN = Prepared(
    lambda: Price.objects.filter(connection_id=given("connection"), stripe_id=given("stripe_id")).annotate(
        product_name=Subquery(_PRODUCT.values("name")), of_active_product=Subquery(_PRODUCT.values("active"))
    )
)


def usable_plan(click: Click, price_id: str, *, currency: str | None) -> tuple[Price, str]:
    """The price, if it can be bought in that currency (any where None), and the plan in words: ``Pro, $20 a month``.

    Raises ``NotAllowedError``, ``StripeError``.
    """
    price = _plan(click, price_id)
    if price is None:
        raise NotAllowedError("plan_gone", "The plan is no longer at Stripe. Choose another one in the prompt.")
    if not price.active or price.of_active_product is False or price.interval is None:
        raise NotAllowedError("plan_inactive", "The plan is archived at Stripe. Choose another one in the prompt.")
    if currency and currency != price.currency and currency not in (price.currency_options or {}):
        raise NotAllowedError(
            "currency_mismatch",
            f"The plan is priced in {price.currency.upper()}, this customer pays in {currency.upper()}. "
            "Stripe allows one currency per customer.",
        )
    return price, plan_in_words(price, price.product_name)


def _plan(click: Click, price_id: str) -> Any:
    """The price, with what is mirrored of its product: ``product_name`` and ``of_active_product``."""
    found = click.plans.get(price_id) or _PLAN.first(connection=click.connection.id, stripe_id=price_id)
    if found is None and find_entry(Price, connection=click.connection, stripe_id=price_id, gateway=click.gateway):
        found = _PLAN.first(connection=click.connection.id, stripe_id=price_id)
    return None if found is None or found.deleted else found
