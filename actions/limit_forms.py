"""One small form per action, and one for all of them together."""

from typing import Any

from django import forms

from actions.definitions import override_price
from actions.models import ActionLimit
from actions.pickers import plan_choices
from actions.registry import ACTIONS
from connector.models import Connection


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
        if self.instance.action == override_price.DEFINITION.key:
            self.fields["plans"] = forms.MultipleChoiceField(
                label="Plans whose price may be overridden",
                choices=list(plan_choices(self.instance.connection)),
                initial=self.instance.plans,
                required=False,
            )

    def limits(self) -> list[forms.BoundField]:
        """The columns of the page's table."""
        return [self[name] for name in self.Meta.fields]

    def save(self, commit: bool = True) -> ActionLimit:  # noqa: FBT001, FBT002  Django's signature
        if "plans" in self.fields:
            self.instance.plans = self.cleaned_data["plans"]
        saved: ActionLimit = super().save(commit)
        return saved


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
