"""Write ``docs/actions.md`` from the registry and from the table that the tests run.

``python -m tests.actions.generate_docs`` writes it; ``test_docs.py`` checks that it is in step.
"""

import os
from pathlib import Path
from typing import Any

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engage_stripe.settings")
    django.setup()

from actions.definition import ActionDefinition, Needs
from actions.parameters import Parameter
from actions.registry import ACTIONS
from tests.actions.matrix.rows import ROWS
from tests.actions.matrix.situations import STATUSES
from tests.actions.matrix.table import Row

PAGE = Path(__file__).resolve().parents[2] / "docs" / "actions.md"

INTRODUCTION = """\
# Actions

What a prompt can do at Stripe in one click. This page is generated from `actions/definitions/` and from the rows that
`tests/actions/matrix/` runs against the sandbox: `python -m tests.actions.generate_docs`.

Parameters are given as in `PUT /api/v1/prompts/{prompt_id}/interactions/{interaction}/actions/`;
`GET /api/v1/actions/` has the same as JSON schema, with what the present Stripe key can do. An action on a
subscription works on the user's current one, or with `target` on the one with a price of that list.

A click's outcome is one of

| outcome | means |
| --- | --- |
| `succeeded` | Stripe's answer shows the intended state |
| `no_op` | it was so already |
| `failed` | Stripe refused; `retryable` says whether a new click may help |
| `requires_action` | the user has to pay or confirm, at `url` where there is one |
| `pending` | it applies later, at `apply_at` |
| `unknown` | it is being settled: read `GET /api/v1/executions/{id}/` again |
| `not_allowed` | a precondition does not hold, `code` says which; nothing was sent |
| `skipped` | an earlier action failed, or a later choice replaced this one |

Every request carries an idempotency key of its click, so that it can be repeated. What an action creates has the same
reference as `engage_reference` in its metadata (new subscriptions, the schedules that switch plans): where Stripe has
stored a failure under the key and repeats that, the state is read instead, and a new subscription is found by its
reference. Within a minute, `unknown` becomes what is true at Stripe.

The tables below say what each case comes to in each status of the user's subscription, and what is different at Stripe
then. In a status where a cell is empty, the first row counts: the action is not possible in it. In all of them the user
pays two of Basic ($10) and one Add-on ($3) a month with a loyalty discount of 10 %, and half of the period is over;
bills are in cents. The card is a good one where nothing else is said.
"""


def build_page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *(_describe(definition) for definition in ACTIONS)])


def _describe(definition: ActionDefinition) -> str:
    parts = [f"## {definition.label} (`{definition.key}`)", definition.description]
    if definition.parameters:
        lines = ["| parameter | choice | default | |", "| --- | --- | --- | --- |"]
        parts.append("\n".join([*lines, *(_parameter(parameter) for parameter in definition.parameters)]))
    parts.append(_permissions(definition))
    if definition.needs is Needs.CUSTOMER:
        parts.append("It needs a customer, no subscription.")
    parts += _outcomes(definition)
    return "\n\n".join(parts) + "\n"


def _outcomes(definition: ActionDefinition) -> list[str]:
    """The table of outcomes by subscription status: the parameters of the tests."""
    rows = [row for row in ROWS if row.action == definition.key and row.in_docs]
    head = [*(f"`{status}`" for status in STATUSES[:-1]), "no subscription", "different at Stripe"]
    lines = [f"| | {' | '.join(head)} |", "| --- |" + " --- |" * len(head)]
    lines += [f"| {row.case} | {' | '.join(_cells(row))} | {_effect(row)} |" for row in rows]
    untold = sum(row.action == definition.key and not row.in_docs for row in ROWS)
    more = (
        [f"And {untold} more combinations of parameters, in every status they are possible in."] if untold else []
    )
    return ["\n".join(lines), *more]


def _cells(row: Row) -> list[str]:
    return [_cell(row.outcome_in(status), status) if status in row.statuses else "" for status in STATUSES]


def _cell(outcome: str, status: str) -> str:
    """A code that only repeats the status says nothing."""
    kind, _, code = outcome.partition(" ")
    return kind if not code or code in {f"status_{status}", "no_subscription"} else f"{kind} `{code}`"


def _effect(row: Row) -> str:
    """In the first status in which something is."""
    effects = (row.expected_in(status)[1] for status in row.statuses)
    effect = next((one for one in effects if one), {})
    return "; ".join(f"{word}: {_in_words(value)}" for word, value in effect.items())


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(value.values())
    return ", then ".join(value) or "none" if isinstance(value, list) else str(value)


def _parameter(parameter: Parameter) -> str:
    choice = ", ".join(f"`{value}` {label}" for value, label in parameter.options.items())
    if not choice:
        bounds = [("from", parameter.minimum), ("to", parameter.maximum)]
        words = [f"{name} {value}" for name, value in bounds if value is not None]
        choice = ", ".join([parameter.picker.replace("_", " "), *words])
    default = "" if parameter.default is None else f"`{parameter.default}`"
    notes = [parameter.help] if parameter.help else []
    notes += [f"Only when `{name}` is `{'` or `'.join(values)}`." for name, values in parameter.only_when.items()]
    name = f"`{parameter.name}` ({parameter.label})"
    return f"| {name} | {choice} | {'required' if parameter.required else default} | {' '.join(notes)} |"


def _permissions(definition: ActionDefinition) -> str:
    needed = " and ".join(f"`{name}`" for name in definition.required_permissions)
    also = "".join(f" With `{name}`: {what}." for name, what in definition.optional_permissions.items())
    return f"Needs the permission {needed}.{also}"


if __name__ == "__main__":
    PAGE.write_text(build_page())
