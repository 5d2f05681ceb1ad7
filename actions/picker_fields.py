"""Form fields that choose from an ``OptionList``. Whether a value is right is not decided by the options that happen to
be listed: ``actions.configuration.check_possible`` says so, for the form and the API alike.
"""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.choices import CallableChoiceIterator

from actions.pickers import OptionList

_NOTHING = [("", "—")]


class PickerSelect(forms.Select):
    """A select of what the search above it found. ``templates/actions/picker_select.html``

    ``options_url`` answers the options alone; ``narrowed_by`` are names of fields that rule options out.
    """

    template_name = "actions/picker_select.html"
    options_template = "actions/picker_select_options.html"

    def __init__(
        self, options: OptionList, *, label: str, options_url: str, narrowed_by: tuple[str, ...] = ()
    ) -> None:
        super().__init__(choices=CallableChoiceIterator(lambda: [*_NOTHING, *options.choices]))
        self.listed, self.label, self.options_url = options, label, options_url
        self.narrowed_by = narrowed_by

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return {**super().get_context(name, value, attrs), **_picker_context(self)}


class PickerChecks(forms.CheckboxSelectMultiple):
    """The same with checkboxes, for several at once: a multiple select is lost with one careless click."""

    template_name = "actions/picker_checks.html"
    options_template = "actions/picker_checks_options.html"

    def __init__(self, options: OptionList, *, label: str, options_url: str) -> None:
        super().__init__(choices=CallableChoiceIterator(lambda: options.choices))
        self.listed, self.label, self.options_url = options, label, options_url

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return {**super().get_context(name, value, attrs), **_picker_context(self)}


def _picker_context(widget: PickerSelect | PickerChecks) -> dict[str, Any]:
    triggers = [f"change from:#field_{name}" for name in getattr(widget, "narrowed_by", ())]
    return {
        "options": widget.listed,
        "label": widget.label,
        "options_url": widget.options_url,
        "refresh_on": ", ".join(triggers),
    }


class PickerField(forms.CharField):
    """One id."""

    widget: PickerSelect

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=255, **kwargs)


class PickersField(forms.Field):
    """A list of ids, at most ``most`` of them."""

    widget: PickerChecks

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._most = most

    def to_python(self, value: Any) -> list[str]:
        return [str(one) for one in value or []]

    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(value) > self._most:
            raise forms.ValidationError(f"Choose at most {self._most}.", code="too_many")


def answer_with_options(request: HttpRequest, form: forms.Form, name: str) -> HttpResponse:
    """What a picker's search gets. A field that is no picker is a 404."""
    widget = form.fields[name].widget if name in form.fields else None
    if not isinstance(widget, PickerSelect | PickerChecks):
        raise Http404
    field = form[name]
    context = widget.get_context(field.html_name, field.value(), {"id": field.auto_id})
    return render(request, "actions/picker_answer.html", context | {"options_template": widget.options_template})
