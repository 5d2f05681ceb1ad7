"""Every action in every subscription status, as the table says."""

import pytest

from actions.models import ActionLimit
from tests.actions.outcome_table import ROWS, Row
from tests.actions.shop import Shop
from tests.actions.statuses import SUBSCRIBER_IN

CASES = [
    pytest.param(row, status, id=f"{row.action}: {row.case}: {status}") for row in ROWS for status in SUBSCRIBER_IN
]


@pytest.mark.parametrize(("row", "status"), CASES)
def test_it_comes_to_what_the_table_says(shop: Shop, row: Row, status: str) -> None:
    same = shop.price("Basic", 1000)
    names = {"same": same, "other": shop.price("Pro", 2000), "coupon": shop.coupon()}
    parameters = {
        name: value.format(**names) if isinstance(value, str) else value for name, value in row.parameters.items()
    }
    ActionLimit.objects.create(connection=shop.connection, action="override_price", plans=[same])
    user = SUBSCRIBER_IN[status](shop, same)
    assert shop.subscription(user)["status"] == status

    outcome = shop.outcome(user, row.action, **parameters)

    assert outcome["status"] == row.outcomes.get(status, "not_allowed"), outcome
