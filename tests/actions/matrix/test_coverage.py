"""The matrix leaves nothing out: a new action, option or status without a case fails here."""

from dataclasses import replace

import pytest

from actions.definition import ActionDefinition
from actions.parameters import Parameter, Picker
from actions.registry import ACTIONS, get_action
from sync import traits
from tests.actions.matrix.coverage import missing_cases
from tests.actions.matrix.rows import ROWS
from tests.actions.matrix.situations import STATUSES

EACH_ACTION = pytest.mark.parametrize("definition", [pytest.param(one, id=one.key) for one in ACTIONS])


def test_it_has_every_status_that_stripe_knows_and_none() -> None:
    assert sorted(STATUSES) == sorted([*traits.STATUSES, "none"])


@EACH_ACTION
def test_it_has_each_action_in_every_status(definition: ActionDefinition) -> None:
    own = [row for row in ROWS if row.action == definition.key]

    assert any(row.statuses == STATUSES for row in own)


@EACH_ACTION
def test_it_has_every_value_in_every_status_it_can_matter_in(definition: ActionDefinition) -> None:
    assert not missing_cases(definition, ROWS)


def test_it_has_no_case_twice() -> None:
    cases = [(row.action, row.case) for row in ROWS]

    assert len(set(cases)) == len(cases)


def test_it_misses_what_is_new() -> None:
    resume = get_action("resume")
    (anchor,) = resume.parameters
    with_option = replace(anchor, options={**anchor.options, "later": "Later"})
    with_parameter = Parameter(name="why", label="Why", picker=Picker.TEXT)
    changed = replace(resume, parameters=(with_option, with_parameter), statuses=frozenset({"paused", "canceled"}))

    assert missing_cases(changed, ROWS) == {
        ("billing_cycle_anchor", "later", "paused"),
        ("billing_cycle_anchor", "later", "canceled"),
        ("billing_cycle_anchor", "unchanged", "canceled"),
        ("why", "given", "paused"),
        ("why", "given", "canceled"),
    }
