"""One small form per action, one for all of them together, and one for the plans that *Override price* may touch."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.urls import reverse

from actions.definitions import override_price
from actions.models import ActionLimit
from actions.parameters import Picker
from actions.picker_fields import PickerChecks, PickersField
from actions.pickers import OptionList
from actions.registry import ACTIONS
from connector.models import Connection
from sync.catalogue_entries import find_entries

_MOST_PLANS = 500


class LimitForm(forms.ModelForm):  # type: ignore[type-arg] # not subscriptable at run time
    """Empty numbers set no limit."""

    class Meta:
        model = ActionLimit
        fields = ["paused", "per_user_per_day", "per_day", "cooldown_minutes"]
        labels = {
            "paused": "Switched off",
            "per_user_per_day": "Per user and day",
            "per_day": "Per day",
            "cooldown_minutes": "Minutes between two clicks of a user",
        }

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label = label

    def limits(self) -> list[forms.BoundField]:
        """The columns of the page's table."""
        return [self[name] for name in self.Meta.fields]


class OverridablePlansForm(forms.Form):
    """The plans whose price may be overridden. A form that only ``narrows`` the list saves nothing."""

    def __init__(self, data: QueryDict | None, *, connection: Connection, narrows: bool = False) -> None:
        self._connection = connection
        stored = ActionLimit.objects.filter(connection=connection, action=override_price.DEFINITION.key).first()
        entered = data.getlist("plans") if data is not None else []
        chosen = entered if data is not None else (stored.plans if stored else [])
        super().__init__(None if narrows else data, initial={"plans": chosen})
        query = (data or QueryDict()).get("plans_search", "").strip()[:255]
        options = OptionList(connection, Picker.PLAN, query=query, chosen=chosen, also_past=True)
        label = "Plans whose price may be overridden"
        url = reverse("stripe_actions:overridable-options")
        self.fields["plans"] = PickersField(
            label=label,
            required=False,
            most=_MOST_PLANS,
            widget=PickerChecks(options, label=label, options_url=url),
        )

    def clean_plans(self) -> list[str]:
        plans: list[str] = self.cleaned_data["plans"]
        if len(find_entries(self._connection, plans)) < len(set(plans)):
            raise forms.ValidationError("One of these plans is not at Stripe any more. Choose again.", code="gone")
        return plans

    def save(self) -> None:
        ActionLimit.objects.update_or_create(
            connection=self._connection,
            action=override_price.DEFINITION.key,
            defaults={"plans": self.cleaned_data["plans"]},
        )


def is_narrowing_plans(data: QueryDict) -> bool:
    """Whether the form was sent to search the plans."""
    return "narrow" in data or data.get("plans_search", "") != data.get("plans_searched", "")


def limit_forms(connection: Connection, data: Any) -> list[LimitForm]:
    """The form for all actions, then one for each, bound to what is stored."""
    stored = {limit.action: limit for limit in ActionLimit.objects.filter(connection=connection)}
    names = [("", "All actions"), *((definition.key, definition.label) for definition in ACTIONS)]
    return [
        LimitForm(
            data,
            label=label,
            instance=stored.get(key) or ActionLimit(connection=connection, action=key),
            prefix=key or "all",
        )
        for key, label in names
    ]
