"""Rules (faults, disturbances) written on the command line: `kind,name=value,…`."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any, TypeVar

Rule = TypeVar("Rule")

_NUMBERS: dict[str, Callable[[str], Any]] = {
    "count": lambda text: None if text == "all" else int(text),
    "copies": int,
    "probability": float,
    "seconds": float,
    "status": int,
}


def rule_parser(rule: Callable[..., Rule]) -> Callable[[str], Rule]:
    """Return a function from `latency,seconds=0.5,count=all` to a `rule`, for argparse's `type`."""

    def parse(text: str) -> Rule:
        kind, *fields = text.split(",")
        pairs = [field.partition("=") for field in fields]
        try:
            values = {name: _NUMBERS.get(name, str)(value) for name, _, value in pairs}
            return rule(kind, **values)
        except (TypeError, ValueError) as error:
            raise ArgumentTypeError(str(error)) from None

    return parse
