"""The Add action dialog's form, made from an action's parameters."""

from collections.abc import Sequence
from typing import Any

from django import forms

from actions.definition import ActionDefinition, Needs
from actions.models import OnError
from actions.parameters import Parameter, Picker, clean_parameters
from actions.pickers import coupon_choices, names_of, plan_choices, promotion_code_choices
from connector.errors import InvalidInputError
from connector.models import Connection

_NOTHING = ("", "—")
_RESERVED = ("target", "on_error")


class ActionForm(forms.Form):
    """Fields are named as the parameters; ``configured()`` is the action as the API's ``PUT`` takes it.

    A field whose ``only_when`` does not hold is hidden by ``prompt.js`` and, with or without it, not counted.
    """

    def __init__(
        self,
        data: Any,
        *,
        definition: ActionDefinition,
        connection: Connection,
        present: dict[str, Any] | None,
    ) -> None:
        self.definition = definition
        self._enabled = present["enabled"] if present else True
        initial = {**present["parameters"], **present} if present else None
        super().__init__(data, initial=initial)
        for parameter in definition.parameters:
            self.fields[parameter.name] = _field(parameter, connection, (initial or {}).get(parameter.name))
        if definition.needs is Needs.SUBSCRIPTION:
            self.fields["target"] = _target_field(connection, (initial or {}).get("target") or [])
        self.fields["on_error"] = forms.ChoiceField(
            label="Error behavior",
            help_text="Whether later actions of this interaction run when this one fails.",
            choices=OnError.choices,
            initial=OnError.STOP,
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        given = {name: value for name, value in cleaned.items() if name not in _RESERVED}
        try:
            cleaned["parameters"] = clean_parameters(self.definition.parameters, self._counting(given))
        except InvalidInputError as error:
            for name, message in error.details.get("fields", {}).items():
                self.add_error(name, message)
            return cleaned
        if wrong := self.definition.check(cleaned["parameters"]):
            self.add_error(None, wrong)
        return cleaned

    def _counting(self, given: dict[str, Any]) -> dict[str, Any]:
        parameters = [one for one in self.definition.parameters if one.counts(given)]
        return {one.name: given[one.name] for one in parameters if given.get(one.name) not in {None, ""}}

    def configured(self) -> dict[str, Any]:
        return {
            "action": self.definition.key,
            "parameters": self.cleaned_data["parameters"],
            "target": self.cleaned_data.get("target") or None,
            "on_error": self.cleaned_data["on_error"],
            "enabled": self._enabled,
        }


def _field(parameter: Parameter, connection: Connection, present: Any) -> forms.Field:
    common: dict[str, Any] = {
        "label": parameter.label,
        "help_text": parameter.help,
        "required": parameter.required,
        "initial": parameter.default,
    }
    field: forms.Field
    match parameter.picker:
        case Picker.NUMBER:
            field = forms.IntegerField(min_value=parameter.minimum, max_value=parameter.maximum, **common)
        case Picker.SWITCH:
            field = forms.BooleanField(**common)
        case Picker.TEXT | Picker.CURRENCY:
            field = forms.CharField(max_length=255, **common)
        case _:
            field = forms.ChoiceField(choices=_choices(parameter, connection, present), **common)
    if parameter.only_when:
        field.widget.attrs["data-only-when"] = _as_attribute(parameter)
    return field


def _choices(parameter: Parameter, connection: Connection, present: Any) -> list[Any]:
    match parameter.picker:
        case Picker.PLAN:
            choices: list[Any] = list(plan_choices(connection))
        case Picker.COUPON:
            choices = list(coupon_choices(connection))
        case Picker.PROMOTION_CODE:
            choices = list(promotion_code_choices(connection))
        case _:
            choices = list(parameter.options.items())
            return choices if parameter.default else [_NOTHING, *choices]
    return [_NOTHING, *choices, *_gone(connection, choices, [present] if present else [])]


def _target_field(connection: Connection, present: Sequence[str]) -> forms.Field:
    choices: list[Any] = list(plan_choices(connection))
    return forms.MultipleChoiceField(
        label="Only for users on",
        help_text="Nothing chosen: the user's current subscription.",
        choices=[*choices, *_gone(connection, choices, present)],
        required=False,
    )


def _gone(connection: Connection, choices: list[Any], present: Sequence[str]) -> list[tuple[str, str]]:
    """What is configured but can no longer be chosen stays selectable, and says so."""
    flat = {value for value, label in choices if isinstance(label, str)}
    grouped = {value for _, group in choices if isinstance(group, list) for value, _ in group}
    missing = [value for value in present if value not in flat | grouped]
    names = names_of(connection, missing)
    return [(value, f"{names.get(value, value)} (no longer available)") for value in missing]


def _as_attribute(parameter: Parameter) -> str:
    """``{"timing": ("now",)}`` as ``timing=now``, for ``prompt.js``."""
    return ";".join(f"{name}={'|'.join(values)}" for name, values in parameter.only_when.items())
