"""How a click is told to whoever asked for it: the API, a browser, the command line."""

import time
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from actions.models import ActionExecution, Execution, Interaction, Status
from connector.errors import NotFoundError
from connector.host import get_host

_INTERACTIONS = tuple(Interaction.values)
_ASKED_EVERY = 10  # seconds; a click token, which names a prompt as well, holds for minutes


def check_interaction(app_id: UUID, prompt_id: str, interaction: str, *, adopt: bool = False) -> None:
    """Raises ``NotFoundError`` for a prompt of another App or an interaction there is not.

    ``adopt`` lets the host make a prompt known that is configured for the first time. Else the host is asked about the
    same prompt every ten seconds: one that is deleted is known for as long.
    """
    if adopt:
        _find_prompt(app_id, prompt_id, adopt=True)
    else:
        _know_prompt(app_id, prompt_id, int(time.monotonic() / _ASKED_EVERY))
    if interaction not in _INTERACTIONS:
        raise NotFoundError(
            "interaction_not_found", f"There is no such interaction; there are {', '.join(_INTERACTIONS)}."
        )


@lru_cache(maxsize=10_000)
def _know_prompt(app_id: UUID, prompt_id: str, _period: int) -> None:
    """What raises is not remembered: a new prompt is known at once."""
    _find_prompt(app_id, prompt_id)


def _find_prompt(app_id: UUID, prompt_id: str, *, adopt: bool = False) -> None:
    host = get_host()
    if (host.adopt_prompt if adopt else host.prompt)(app_id, prompt_id) is None:
        raise NotFoundError("prompt_not_found", "This App has no such prompt.")


def describe_execution(execution: Execution) -> dict[str, Any]:
    """``{"execution_id", "outcomes": [{"action", "status", "message", "retryable", "url"?, …}]}``."""
    return {
        "execution_id": str(execution.id),
        "outcomes": [_describe_outcome(action) for action in execution.steps],
    }


def _describe_outcome(action: ActionExecution) -> dict[str, Any]:
    """What has begun and is not final is told as ``unknown``: poll the execution."""
    settled = Status(action.status).is_settled
    outcome: dict[str, Any] = {
        "action": action.action,
        "status": action.status if settled else Status.UNKNOWN.value,
        "message": action.message or "This is being settled; ask again in a moment.",
        "retryable": action.retryable if settled else True,
    }
    optional = {"code": action.code, "url": action.url, "apply_at": _iso(action.apply_at)}
    return outcome | {name: value for name, value in optional.items() if value}


def _iso(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""
