"""docs/actions.md says what the code does."""

from actions.registry import ACTIONS
from tests.actions.generate_docs import PAGE, build_page
from tests.actions.outcome_table import ROWS, STATUSES
from tests.actions.statuses import SUBSCRIBER_IN


def test_it_is_in_step_with_the_registry() -> None:
    assert PAGE.read_text() == build_page(), "run python -m tests.actions.generate_docs"


def test_it_has_outcomes_for_every_action_on_subscriptions() -> None:
    on_subscriptions = {definition.key for definition in ACTIONS if definition.statuses}

    assert on_subscriptions <= {row.action for row in ROWS}
    assert tuple(SUBSCRIBER_IN) == STATUSES
