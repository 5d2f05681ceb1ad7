"""docs/actions.md says what the code does."""

from actions.registry import ACTIONS
from tests.actions.generate_docs import PAGE, build_page


def test_it_is_in_step_with_the_registry_and_the_matrix() -> None:
    assert PAGE.read_text() == build_page(), "run python -m tests.actions.generate_docs"


def test_it_has_outcomes_for_every_action() -> None:
    sections = build_page().split("\n## ")[1:]

    assert len(sections) == len(ACTIONS)
    assert all("| no subscription | different at Stripe |" in section for section in sections)
