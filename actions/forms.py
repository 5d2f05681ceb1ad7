"""The Add action dialog's form, made from an action's parameters."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from django import forms
from django.http import QueryDict

from actions.amount_fields import AmountField, as_stored, as_written
from actions.combinations import discount_use
from actions.configuration import check_possible
from actions.definition import ActionDefinition, Needs
from actions.meters import Meters, list_meters
from actions.models import OnError
from actions.parameters import Parameter, Picker, clean_parameters
from actions.picker_fields import PickerChecks, PickerField, PickerSelect, PickersField
from actions.pickers import OptionList
from connector.errors import ConnectorError, InvalidInputError
from connector.models import Connection
from sync.catalogue_entries import find_entries
from sync.catalogue_selectors import ANY_USE, list_currencies
from sync.discount_fit import DiscountUse

_NOTHING = ("", "—")
_RESERVED = ("target", "on_error")
_DISCOUNTS = frozenset({Picker.COUPON, Picker.PROMOTION_CODE})
_MOST_TARGETS = 50

OptionsUrl = Callable[[str], str]


class ActionForm(forms.Form):
    """Fields are named as the parameters; ``configured()`` is the action as the API's ``PUT`` takes it.

    A field whose ``only_when`` does not hold is hidden by ``prompt.js`` and, with or without it, not counted. A form
    that only ``narrows`` a picker (its search was changed) shows what was entered and judges nothing.
    """

    def __init__(
        self,
        data: QueryDict | None,
        *,
        definition: ActionDefinition,
        connection: Connection,
        present: dict[str, Any] | None,
        options_url: OptionsUrl,
        narrows: bool = False,
    ) -> None:
        self.definition = definition
        self._connection, self._given, self._options_url = connection, data, options_url
        self._enabled = present["enabled"] if present else True
        initial = {**self._as_written(present["parameters"]), **present} if present else {}
        self._names = [*(one.name for one in definition.parameters), *_RESERVED]
        super().__init__(None if narrows else data, initial=self._entered() if narrows else initial)
        for parameter in definition.parameters:
            self.fields[parameter.name] = self._field(parameter)
        if definition.needs is Needs.SUBSCRIPTION:
            self.fields["target"] = self._target_field()
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
            given |= self._as_stored(given)
        except ValueError as error:
            self.add_error(self._amount, str(error))
            return cleaned
        try:
            parameters = clean_parameters(self.definition.parameters, self._counting(given))
            check_possible(self.definition, parameters, cleaned.get("target") or [], self._connection)
        except InvalidInputError as error:
            for name, message in error.details["fields"].items():
                self.add_error(name, message)
            return cleaned
        except ConnectorError as error:
            self.add_error(None, error.user_message)
            return cleaned
        return cleaned | {"parameters": parameters}

    def _counting(self, given: dict[str, Any]) -> dict[str, Any]:
        parameters = [one for one in self.definition.parameters if one.counts(given)]
        return {one.name: given[one.name] for one in parameters if given.get(one.name) not in {None, ""}}

    @cached_property
    def _amount(self) -> str:
        """The name of the parameter that is an amount in the currency of the form; empty for most actions."""
        return next((one.name for one in self.definition.parameters if one.picker is Picker.AMOUNT), "")

    def _as_written(self, parameters: dict[str, Any]) -> dict[str, Any]:
        if not self._amount:
            return parameters
        return parameters | {self._amount: as_written(parameters[self._amount], parameters["currency"])}

    def _as_stored(self, given: dict[str, Any]) -> dict[str, Any]:
        return {self._amount: as_stored(given[self._amount], given["currency"])} if self._amount else {}

    def configured(self) -> dict[str, Any]:
        return {
            "action": self.definition.key,
            "parameters": self.cleaned_data["parameters"],
            "target": self.cleaned_data.get("target") or None,
            "on_error": self.cleaned_data["on_error"],
            "enabled": self._enabled,
        }

    def _entered(self) -> dict[str, Any]:
        """What the fields held when a picker was searched."""
        data = self._given or QueryDict()
        return {name: data.getlist(name) if name == "target" else data.get(name) for name in self._names}

    def _value(self, name: str) -> Any:
        """What the field shows, before it is cleaned."""
        return self._entered()[name] if self._given is not None else self.initial.get(name)

    def _field(self, parameter: Parameter) -> forms.Field:
        common: dict[str, Any] = {
            "label": parameter.label,
            "help_text": parameter.help,
            "required": parameter.required,
            "initial": parameter.default,
        }
        field = self._plain_field(parameter, common) or self._picker_field(parameter, common)
        if parameter.only_when:
            field.widget.attrs["data-only-when"] = _as_attribute(parameter)
        return field

    def _plain_field(self, parameter: Parameter, common: dict[str, Any]) -> forms.Field | None:
        match parameter.picker:
            case Picker.NUMBER:
                return forms.IntegerField(min_value=parameter.minimum, max_value=parameter.maximum, **common)
            case Picker.AMOUNT:
                return AmountField(**common)
            case Picker.SWITCH:
                return forms.BooleanField(**common)
            case Picker.TEXT:
                return forms.CharField(max_length=255, **common)
            case Picker.CURRENCY:
                return forms.ChoiceField(choices=self._currencies(parameter), **common)
            case Picker.CHOICE:
                options = list(parameter.options.items())
                return forms.ChoiceField(choices=options if parameter.default else [_NOTHING, *options], **common)
            case Picker.METER if self._meters.why_not:
                return forms.CharField(max_length=255, **common | {"help_text": _typed(parameter, self._meters)})
            case _:
                return None

    def _picker_field(self, parameter: Parameter, common: dict[str, Any]) -> forms.Field:
        chosen = self._value(parameter.name)
        options = OptionList(
            self._connection,
            parameter.picker,
            query=self._query(parameter.name),
            chosen=[chosen] if chosen else [],
            use=self._use if parameter.picker in _DISCOUNTS and not parameter.also_past else ANY_USE,
            also_past=parameter.also_past,
            meters=lambda: self._meters,
        )
        narrowed_by = self._narrowing_fields() if parameter.picker in _DISCOUNTS else ()
        url = self._options_url(parameter.name)
        widget = PickerSelect(options, label=parameter.label, options_url=url, narrowed_by=narrowed_by)
        return PickerField(widget=widget, **common)

    def _target_field(self) -> forms.Field:
        options = OptionList(
            self._connection,
            Picker.PLAN,
            query=self._query("target"),
            chosen=self._value("target") or [],
            also_past=True,  # users stay on plans that are sold no more
        )
        label = "Only for users on"
        return PickersField(
            label=label,
            help_text="Nothing chosen: the user's current subscription.",
            required=False,
            most=_MOST_TARGETS,
            widget=PickerChecks(options, label=label, options_url=self._options_url("target")),
        )

    def _query(self, name: str) -> str:
        return (self._given or QueryDict()).get(f"{name}_search", "").strip()[:255]

    def _narrowing_fields(self) -> tuple[str, ...]:
        plans = [one.name for one in self.definition.parameters if one.picker is Picker.PLAN]
        return (*plans, "target") if self.definition.needs is Needs.SUBSCRIPTION else tuple(plans)

    @cached_property
    def _use(self) -> DiscountUse:
        plans = [one.name for one in self.definition.parameters if one.picker is Picker.PLAN]
        price = self._value(plans[0]) if plans else None
        target = (self._value("target") or []) if self.definition.needs is Needs.SUBSCRIPTION else []
        entries = find_entries(self._connection, [*([price] if price else []), *target])
        return discount_use(self.definition, price, target, entries)

    @cached_property
    def _meters(self) -> Meters:
        return list_meters(self._connection)

    def _currencies(self, parameter: Parameter) -> list[tuple[str, str]]:
        """Those of the plans, and the one that is configured."""
        present = self._value(parameter.name)
        codes = {*list_currencies(self._connection), *([present] if present else [])}
        return [_NOTHING, *((code, code.upper()) for code in sorted(codes))]


def is_narrowing(data: QueryDict, definition: ActionDefinition) -> bool:
    """Whether the form was sent to search a picker, by its button or with a search that has not been made yet."""
    names = [*(one.name for one in definition.parameters), "target"]
    changed = [name for name in names if data.get(f"{name}_search", "") != data.get(f"{name}_searched", "")]
    return "narrow" in data or bool(changed)


def _typed(parameter: Parameter, meters: Meters) -> str:
    return f"{parameter.help} Type its event name. {meters.why_not}"


def _as_attribute(parameter: Parameter) -> str:
    """``{"timing": ("now",)}`` as ``timing=now``, for ``prompt.js``."""
    return ";".join(f"{name}={'|'.join(values)}" for name, values in parameter.only_when.items())
