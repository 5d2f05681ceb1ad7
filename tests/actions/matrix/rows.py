"""All rows, in the order of the registry."""

from actions.registry import ACTIONS
from tests.actions.matrix import (
    plan_product,
    rows_discounts,
    rows_ending,
    rows_other,
    rows_plans,
    rows_starting,
    rows_time,
)

_ALL = (
    *rows_plans.ROWS,
    *plan_product.rows(),
    *rows_starting.ROWS,
    *rows_ending.ROWS,
    *rows_discounts.ROWS,
    *rows_time.ROWS,
    *rows_other.ROWS,
)
ROWS = tuple(row for definition in ACTIONS for row in _ALL if row.action == definition.key)
