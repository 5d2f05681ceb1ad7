"""All rows, in the order of the registry."""

from actions.registry import ACTIONS
from tests.actions.matrix import (
    plan_product,
    rows_discounts,
    rows_ending,
    rows_other,
    rows_pausing,
    rows_plan_circumstances,
    rows_plan_payment,
    rows_plans,
    rows_starting,
    rows_trials,
)

_ALL = (
    *rows_plans.ROWS,
    *rows_plan_payment.ROWS,
    *rows_plan_circumstances.ROWS,
    *plan_product.rows(),
    *rows_starting.ROWS,
    *rows_ending.ROWS,
    *rows_discounts.ROWS,
    *rows_trials.ROWS,
    *rows_pausing.ROWS,
    *rows_other.ROWS,
)
ROWS = tuple(row for definition in ACTIONS for row in _ALL if row.action == definition.key)
