"""What hangs on a customer and one of its subscriptions by id, as a column of a statement that reads the two."""

from django.db import models

from sync.facts import DiscountFact, PaymentMethodFact
from sync.models import Coupon, Discount, PaymentMethod, Product
from sync.stored import fact_values

_DISCOUNT = f"""
    SELECT json_build_array('discount', d.rank, cp.stripe_id IS NOT NULL, cp.name, json_build_array(
        {fact_values(Discount, DiscountFact, "d")}
    )) AS told
"""
_COUPON = f"""
    LEFT JOIN LATERAL (
        SELECT * FROM {Coupon._meta.db_table} cp
        WHERE cp.connection_id = d.connection_id AND cp.stripe_id = d.coupon OFFSET 0
    ) cp ON true
"""  # noqa: S608  names of tables and columns only


def _each(model: type[models.Model], alias: str, ids: str) -> str:
    """A row for each id of an array, where there is one."""
    return f"""
        unnest({ids}) AS wanted CROSS JOIN LATERAL (
            SELECT * FROM {model._meta.db_table} t
            WHERE t.connection_id = c.connection_id AND t.stripe_id = wanted OFFSET 0
        ) {alias}
    """  # noqa: S608


_LISTED = "c.discount || ARRAY(SELECT jsonb_array_elements_text(s.discounts))"
_METHODS = """ARRAY[
    c.default_payment_method, c.default_source,
    nullif(s.default_payment_method, c.default_payment_method), nullif(s.default_source, c.default_source)
]"""
_PRODUCTS = "ARRAY(SELECT item ->> 'product' FROM jsonb_array_elements(s.items) item)"

KNOWN = f"""(
    SELECT json_agg(k.told)::text FROM (
        {_DISCOUNT} FROM {Discount._meta.db_table} d {_COUPON}
        WHERE d.connection_id = c.connection_id AND d.customer = c.stripe_id
        UNION ALL
        {_DISCOUNT} FROM {_each(Discount, "d", _LISTED)} {_COUPON}
        WHERE d.customer IS DISTINCT FROM c.stripe_id
        UNION ALL
        SELECT json_build_array('payment_method', m.rank, NULL, NULL, json_build_array(
            {fact_values(PaymentMethod, PaymentMethodFact, "m")}
        ))
        FROM {_each(PaymentMethod, "m", _METHODS)}
        UNION ALL
        SELECT json_build_array('product', p.rank, NULL, p.name, p.stripe_id)
        FROM {_each(Product, "p", _PRODUCTS)}
    ) k
)"""  # noqa: S608
"""Of a customer ``c`` and a subscription ``s``, whose columns may be null: a JSON list of ``[kind, rank, coupon known,
name, fact]``, null where there is nothing. Names are of products and coupons. ``fact`` is the discount's or payment
method's fields in order, of a product its id.

What is named by id is looked up one by one (``OFFSET 0``): PostgreSQL takes a few ids for ten or a hundred, and would
rather read the whole table, for each customer anew.
"""
