"""What a click writes: three small statements, each of which leaves rows that anybody can go on from.

Times come from PostgreSQL's clock: the web processes' own may differ by more than a double click takes.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
from django.db import models

from actions.models import ActionExecution, ActionLimit, Execution, Status
from connector import statements
from connector.prepared import PreparedUpdate
from sync.models import Subscription

_EXECUTIONS, _ACTIONS = Execution._meta.db_table, ActionExecution._meta.db_table
REPLACED = "A later choice replaced this."
_OPEN = ", ".join(f"'{status}'" for status in (Status.RUNNING, Status.UNKNOWN, Status.PENDING))


def _columns(model: type[models.Model], *left_out: str) -> list[str]:
    return [str(field.column) for field in model._meta.concrete_fields if field.name not in left_out]


_CLICK = _columns(Execution, "created_at", "settle_at")
_STEP = _columns(ActionExecution, "id", "execution")
_INSERT = f"""
    WITH click AS (
        INSERT INTO {_EXECUTIONS} ({", ".join(_CLICK)}, created_at, settle_at)
        SELECT {", ".join(f"r.{name}" for name in _CLICK)},
            clock_timestamp(), clock_timestamp() + make_interval(secs => %s)
        FROM jsonb_populate_record(NULL::{_EXECUTIONS}, %s::jsonb) r
        WHERE NOT EXISTS (
            SELECT FROM (
                SELECT * FROM {_EXECUTIONS} u
                WHERE u.user_id = r.user_id
                    AND (u.user_id, u.created_at)
                        > (r.user_id, statement_timestamp() - make_interval(secs => %s))
                OFFSET 0
            ) e
            WHERE e.app_id = r.app_id AND e.prompt_id = r.prompt_id
                AND e.interaction = r.interaction AND e.config_version = r.config_version
        )
        ON CONFLICT (app_id, idempotency_key) DO NOTHING
        RETURNING id, created_at, settle_at, set_config('synchronous_commit', 'off', true)
    ), steps AS (
        INSERT INTO {_ACTIONS} (execution_id, {", ".join(_STEP)})
        SELECT click.id, {", ".join(f"s.{name}" for name in _STEP)}
        FROM click, jsonb_populate_recordset(NULL::{_ACTIONS}, %s::jsonb) s ORDER BY s.position
        RETURNING id, position
    )
    SELECT created_at, settle_at, (SELECT coalesce(json_agg(id ORDER BY position), '[]')::text FROM steps) FROM click
"""  # noqa: S608  names of tables and columns only
"""The user's earlier clicks are looked for by the user's index alone. PostgreSQL does not know how many clicks the last
seconds brought: those of the App, or of all Apps, look as few to it. To compare rows, an index must begin with both
columns, and ``OFFSET 0`` keeps the other conditions out of the choice.
"""


def insert(
    execution: Execution, steps: Sequence[ActionExecution], *, settle_in: timedelta, unless_within: timedelta
) -> bool:
    """Commit the click and its actions, in one statement. False where its key is taken, or where the user's same click
    came less than ``unless_within`` ago.

    This commit does not wait for the disk: nothing has been sent yet, and the next one, of the request that will be,
    brings both there.
    """
    click = _as_json(_values(execution, _CLICK))
    rows = _as_json([_values(step, _STEP) for step in steps])
    inserted = statements.rows(_INSERT, [settle_in.total_seconds(), click, unless_within.total_seconds(), rows])
    if not inserted:
        return False
    [(execution.created_at, execution.settle_at, ids)] = inserted
    execution._state.adding = False
    for step, step_id in zip(steps, orjson.loads(ids), strict=True):
        step.id = step_id
        step._state.adding = False
    execution.steps = list(steps)
    return True


def _values(row: models.Model, columns: Sequence[str]) -> dict[str, Any]:
    return {column: getattr(row, column) for column in columns}


def _as_json(value: Any) -> str:
    return orjson.dumps(value).decode()


_REQUEST = ["request", "started_at", "customer", "subscription", "before", "attempts"]
_UNDECIDED = f"request IS NULL AND status IN ({_OPEN})"
_LIMITS = f"""
    SELECT FROM {ActionLimit._meta.db_table} l JOIN {_EXECUTIONS} e ON e.connection_id = l.connection_id
    WHERE e.id = {_ACTIONS}.execution_id AND l.action IN ('', {_ACTIONS}.action)
"""
_KNOWN_RANK = f"""(
    SELECT s.rank FROM {Subscription._meta.db_table} s
    WHERE s.connection_id = %s AND s.stripe_id = {_ACTIONS}.subscription
)"""  # noqa: S608
_RESERVED = PreparedUpdate(ActionExecution, _REQUEST, condition=_UNDECIDED, returning=_KNOWN_RANK)
_RESERVED_FREELY = PreparedUpdate(
    ActionExecution, _REQUEST, condition=f"{_UNDECIDED} AND NOT EXISTS ({_LIMITS})", returning=_KNOWN_RANK
)


def save_request(step: ActionExecution) -> bool:
    """The request that will be sent. False where somebody else has decided one, or was done meanwhile."""
    return _reserve(_RESERVED, step)


def save_unlimited_request(step: ActionExecution) -> bool:
    """As ``save_request``, and False as well where there are limits to look at first."""
    return _reserve(_RESERVED_FREELY, step)


def _reserve(update: PreparedUpdate, step: ActionExecution) -> bool:
    saved = update.save_and_read(step, step.execution.connection_id)
    if saved is None:
        return False
    (step.known_rank,) = saved
    return True


_WITH_IT = f"""
    replaced AS (
        UPDATE {_ACTIONS} earlier
        SET status = '{Status.SKIPPED}', code = 'replaced', message = '{REPLACED}', apply_at = NULL
        FROM {_EXECUTIONS} e, saved
        WHERE earlier.subscription = %s AND earlier.action = %s AND earlier.status = '{Status.PENDING}'
            AND earlier.id <> %s AND e.id = earlier.execution_id AND e.connection_id = %s
    ), closed AS (
        UPDATE {_EXECUTIONS} SET state = '{Execution.State.DONE}', finished_at = clock_timestamp(), settle_at = NULL
        FROM saved WHERE id = %s
    )
"""  # noqa: S608
_RECORDED = PreparedUpdate(
    ActionExecution,
    [
        "status", "message", "code", "retryable", "url", "amounts", "apply_at", "customer", "subscription", "before",
        "after", "stripe_request_id", "attempts", "seconds_at_stripe", "finished_at",
    ],
    condition=f"status IN ({_OPEN})",
    returning="CASE WHEN %s THEN set_config('synchronous_commit', 'off', true) END",
    then=_WITH_IT,
)  # fmt: skip


def save_outcome(step: ActionExecution, *, replaces: str = "", lazily: bool = False) -> bool:
    """What the action came to; the earlier choice of the action ``replaces`` that waits for the same subscription is
    given up, and a click without any other open action is done. False where there is a final outcome already, which
    stays.

    ``lazily``: this transaction's commit does not wait for the disk. Only for what the saved request would bring
    again, sent once more under its key.
    """
    click = step.execution
    others_open = any(not Status(one.status).is_settled for one in click.steps if one.pk != step.pk)
    is_last = Status(step.status).is_settled and not others_open
    saved = _RECORDED.save(
        step, lazily, step.subscription, replaces, step.pk, click.connection_id, click.pk if is_last else None
    )
    if saved and is_last:
        click.state, click.settle_at, click.finished_at = Execution.State.DONE, None, step.finished_at
    return saved


_FINISH = f"""
    UPDATE {_EXECUTIONS} SET state = '{Execution.State.DONE}', finished_at = clock_timestamp(), settle_at = NULL
    WHERE id = %s RETURNING finished_at
"""  # noqa: S608
_SETTLE = f"""
    UPDATE {_EXECUTIONS} SET state = '{Execution.State.RUNNING}',
        settle_at = clock_timestamp() + make_interval(secs => %s)
    WHERE id = %s RETURNING settle_at
"""  # noqa: S608


def finish(execution: Execution) -> None:
    """All outcomes are final."""
    [(execution.finished_at,)] = statements.rows(_FINISH, [execution.id])
    execution.state, execution.settle_at = Execution.State.DONE, None


def settle_later(execution: Execution, wait: timedelta) -> None:
    """One outcome is open: the settling task looks at it again after ``wait``."""
    [(execution.settle_at,)] = statements.rows(_SETTLE, [wait.total_seconds(), execution.id])
    execution.state = Execution.State.RUNNING
