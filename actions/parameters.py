"""The parameters of an action: one description from which validation, JSON schema, form and docs are made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from connector.errors import InvalidInputError


class Picker(StrEnum):
    """How a designer chooses the value."""

    CHOICE = "choice"
    NUMBER = "number"
    AMOUNT = "amount"
    SWITCH = "switch"
    TEXT = "text"
    PLAN = "plan"
    COUPON = "coupon"
    PROMOTION_CODE = "promotion_code"
    CURRENCY = "currency"
    METER = "meter"


CATALOGUE = frozenset({Picker.PLAN, Picker.COUPON, Picker.PROMOTION_CODE})

_JSON_TYPES = {Picker.NUMBER: "integer", Picker.AMOUNT: "integer", Picker.SWITCH: "boolean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter. ``name`` is Stripe's own where Stripe has one.

    An amount is in minor units of the currency among the same action's parameters, as Stripe has it; people enter it
    as they write it, see ``actions/amount_fields.py``.

    ``options`` are the values of a choice with their labels; ``minimum`` and ``maximum`` bound a number, both
    included; ``default`` is used where nothing is given (None: nothing is sent). ``only_when`` names other
    parameters and the values of them under which this one counts; otherwise it takes its default. ``also_past``
    offers what can no longer be sold or redeemed too, for actions on what users have already.
    """

    name: str
    label: str
    help: str = ""
    picker: Picker
    options: Mapping[str, str] = field(default_factory=dict)
    minimum: int | None = None
    maximum: int | None = None
    default: str | int | bool | None = None
    required: bool = False
    only_when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    also_past: bool = False

    def clean(self, value: Any) -> str | int | bool | None:
        """The value as it is stored. Raises ``ValueError`` with a sentence for the person who entered it."""
        if value is None or value == "":
            if self.required:
                raise ValueError(f"{self.label} is needed.")
            return self.default
        match self.picker:
            case Picker.NUMBER | Picker.AMOUNT:
                return self._clean_number(value)
            case Picker.CHOICE:
                return self._clean_choice(value)
            case Picker.SWITCH:
                return self._clean_switch(value)
            case Picker.CURRENCY:
                return self._clean_currency(value)
            case _:
                return self._clean_text(value)

    def counts(self, values: Mapping[str, Any]) -> bool:
        """Whether the other values make this parameter count."""
        return all(values.get(name) in allowed for name, allowed in self.only_when.items())

    def json_schema(self) -> dict[str, Any]:
        """The parameter as JSON schema, with the picker under ``x-picker``."""
        schema: dict[str, Any] = {
            "type": _JSON_TYPES.get(self.picker, "string"),
            "title": self.label,
            "x-picker": self.picker.value,
        }
        optional: dict[str, Any] = {
            "description": self.help or None,
            "enum": list(self.options) or None,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "default": self.default,
            "x-only-when": {name: list(values) for name, values in self.only_when.items()} or None,
        }
        return schema | {name: value for name, value in optional.items() if value is not None}

    def _clean_number(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"{self.label} must be a whole number.")  # noqa: TRY004  one error for every wrong value
        if self.minimum is not None and value < self.minimum:
            raise ValueError(f"{self.label} must be at least {self.minimum}.")
        if self.maximum is not None and value > self.maximum:
            raise ValueError(f"{self.label} must be at most {self.maximum}.")
        return value

    def _clean_switch(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"{self.label} must be true or false.")  # noqa: TRY004  one error for every wrong value
        return value

    def _clean_choice(self, value: Any) -> str:
        if value not in self.options:
            raise ValueError(f"{self.label} must be one of {', '.join(self.options)}.")
        return str(value)

    def _clean_currency(self, value: Any) -> str:
        """https://docs.stripe.com/currencies has them in lower case."""
        if not isinstance(value, str) or len(value) != 3 or not value.isascii() or not value.isalpha():
            raise ValueError(f"{self.label} must be a three-letter code like usd.")
        return value.lower()

    def _clean_text(self, value: Any) -> str:
        if not isinstance(value, str) or len(value) > 255 or not value.isprintable():
            raise ValueError(f"{self.label} must be a text of at most 255 characters.")
        return value.strip()


def clean_parameters(parameters: tuple[Parameter, ...], given: Any) -> dict[str, Any]:
    """Every parameter's value, defaults filled in. Raises ``InvalidInputError`` with ``details.fields``.

    A value given for a parameter that does not count, or under a name that is not a parameter's, is an error:
    what would be ignored must not look accepted.
    """
    if not isinstance(given, dict):
        raise InvalidInputError("invalid_parameters", "The parameters must be an object.")
    known = {parameter.name for parameter in parameters}
    errors = dict.fromkeys(given.keys() - known, "There is no such parameter.")
    cleaned: dict[str, Any] = {}
    for parameter in parameters:
        try:
            cleaned[parameter.name] = parameter.clean(given.get(parameter.name))
        except ValueError as error:
            errors[parameter.name] = str(error)
    for parameter in parameters:
        if not errors and not parameter.counts(cleaned):
            if cleaned[parameter.name] != parameter.default:
                errors[parameter.name] = _only_when_sentence(parameter)
            cleaned[parameter.name] = parameter.default
    if errors:
        raise InvalidInputError(
            "invalid_parameters", "Some parameters are not right; see details.", details={"fields": errors}
        )
    return cleaned


def _only_when_sentence(parameter: Parameter) -> str:
    conditions = [f"{name} is {' or '.join(values)}" for name, values in parameter.only_when.items()]
    return f"{parameter.label} has no effect unless {' and '.join(conditions)}."
