"""Every request that the gateway made to a sandbox, against Stripe's own description of requests."""

from __future__ import annotations

from typing import Any

from tests.contract.openapi import request_errors

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


def _as_sent(value: Any) -> Any:
    """Typed parameters, with the empty string where the log says that a request unset something."""
    if isinstance(value, dict):
        return {name: _as_sent(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_sent(inner) for inner in value]
    return "" if value is None else value
