"""What the matrix must have a case for, read from the definitions' own parameters."""

from collections.abc import Iterable, Iterator
from typing import Any

from actions.definition import ActionDefinition, Needs
from actions.parameters import Parameter, Picker, clean_parameters
from tests.actions.matrix.situations import STATUSES
from tests.actions.matrix.table import Row

Case = tuple[str, str, str]
"""A parameter, a kind of value of it, a status."""


def missing_cases(definition: ActionDefinition, rows: Iterable[Row]) -> set[Case]:
    """Every option of a choice, both ends of a switch, and a value and none of everything else, in every status that
    the action is possible in; where a parameter does not count, it needs none.
    """
    own = [row for row in rows if row.action == definition.key]
    possible = definition.statuses if definition.needs is Needs.SUBSCRIPTION else STATUSES
    needed = {
        (parameter.name, kind, status)
        for parameter in definition.parameters
        for kind in _kinds(parameter)
        for status in possible
    }
    return needed - {case for row in own for case in _covered(definition, row)}


def _kinds(parameter: Parameter) -> Iterator[str]:
    if parameter.options:
        yield from parameter.options
    elif parameter.picker is Picker.SWITCH:
        yield from ("True", "False")
    else:
        yield "given"
    if not parameter.required and parameter.default is None:
        yield "not given"


def _kind(parameter: Parameter, value: Any) -> str:
    if value is None:
        return "not given"
    return str(value) if parameter.options or parameter.picker is Picker.SWITCH else "given"


def _covered(definition: ActionDefinition, row: Row) -> Iterator[Case]:
    values = clean_parameters(definition.parameters, dict(row.parameters))
    for parameter in definition.parameters:
        if parameter.counts(values):
            for status in row.statuses:
                yield parameter.name, _kind(parameter, values[parameter.name]), status
