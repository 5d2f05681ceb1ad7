"""What a whole run of the suite exchanged with a sandbox, against Stripe's own description."""

from __future__ import annotations

from typing import Any

from tests.contract.openapi import answer_errors, is_described, request_errors
from tests.contract.recording import OneOfEachShape

GATEWAY = "engage"  # the name of the gateway's transport, which the SDK tells Stripe


def gateway_request_errors(log: list[dict[str, Any]]) -> list[str]:
    """What is wrong with the requests of a sandbox's log; those that it refused as malformed are left out."""
    made = [entry for entry in log if entry["client"] == GATEWAY and entry["params"] is not None]
    wrong = {
        f"{entry['method']} {entry['path']}: {error}"
        for entry in made
        for error in request_errors(entry["method"], entry["path"], _as_sent(entry["params"]))
    }
    return sorted(wrong)


def recorded_answer_errors(answers: OneOfEachShape) -> list[str]:
    """What is wrong with the answers that the SDK got, one of each shape."""
    described = [exchange for exchange in answers.kept.values() if is_described(exchange.method, exchange.path)]
    return [
        f"{exchange.method} {exchange.path} {exchange.status}: {error}"
        for exchange in described
        for error in answer_errors(exchange.method, exchange.path, exchange.status, exchange.body)
    ]


def _as_sent(value: Any) -> Any:
    """Typed parameters, with the empty string where the log says that a request unset something."""
    if isinstance(value, dict):
        return {name: _as_sent(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_sent(inner) for inner in value]
    return "" if value is None else value
