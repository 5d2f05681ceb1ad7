"""Every action in every subscription status with every parameter, against the sandbox."""

from typing import Any

import pytest

from tests.actions.matrix.rows import ROWS
from tests.actions.matrix.running import run_row
from tests.actions.matrix.table import Row
from tests.sandbox_process import Sandbox


@pytest.mark.django_db
@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.action}: {row.case}") for row in ROWS])
def test_it_comes_to_what_the_table_says(sandbox: Sandbox, settings: Any, row: Row) -> None:
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "STRIPE_API_BASE": sandbox.url}

    assert run_row(sandbox, row) == {status: row.expected_in(status) for status in row.statuses}
