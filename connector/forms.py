"""The settings form of one connection."""

from typing import Any

from django import forms

from connector.crypto import Secret
from connector.errors import InvalidInputError
from connector.keys import ApiKey, parse_api_key, parse_signing_secret
from connector.models import Connection

_MODES = [("", "Read it from the key"), ("live", "Live"), ("test", "Test")]


class ConnectionForm(forms.Form):
    """Key, signing secret, schedule and *Active*. What is secret is never rendered again.

    ``cleaned_data["api_key"]`` is an ``ApiKey`` or None, ``cleaned_data["signing_secret"]`` a ``Secret``.
    """

    api_key = forms.CharField(
        label="API key",
        max_length=255,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    mode = forms.ChoiceField(
        label="Mode",
        choices=_MODES,
        required=False,
        widget=forms.RadioSelect,
        help_text="Keys that start with rk_live_ are for live mode, rk_test_ for test mode.",
    )
    signing_secret = forms.CharField(
        label="Webhook signing secret",
        max_length=255,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Starts with whsec_. Stripe shows it on the page of the webhook endpoint.",
    )
    schedule_time = forms.TimeField(
        label="Nightly sync at",
        initial="02:00",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    email_only_on_trouble = forms.BooleanField(label="Email only when something is wrong", required=False)
    active = forms.BooleanField(
        label="Active",
        required=False,
        initial=True,
        widget=forms.CheckboxInput(attrs={"class": "switch"}),
        help_text="Switched off, traits are not updated and actions do not run.",
    )

    def __init__(self, *args: Any, connection: Connection | None, timezone: str, **kwargs: Any) -> None:
        if connection:
            kwargs["initial"] = {
                "mode": connection.mode,
                "schedule_time": connection.schedule_time,
                "email_only_on_trouble": connection.email_only_on_trouble,
                "active": connection.status != Connection.Status.INACTIVE,
            }
        super().__init__(*args, **kwargs)
        self._connection = connection
        self.fields["schedule_time"].help_text = f"In the App's time zone, {timezone}."
        if connection:
            self._describe_stored(connection)

    def _describe_stored(self, connection: Connection) -> None:
        self.fields["api_key"].required = connection.method != Connection.Method.API_KEY
        self.fields["api_key"].label = "Replace the API key"
        self.fields[
            "api_key"
        ].help_text = "Leave empty to keep the key. The old one works until the new one has passed."
        if connection.webhook_secret:
            self.fields["signing_secret"].label = "Replace the webhook signing secret"
            self.fields[
                "signing_secret"
            ].help_text = "Leave empty to keep it. The old one is accepted for a day more."

    def clean_api_key(self) -> ApiKey | None:
        pasted = self.cleaned_data["api_key"]
        return _checked(parse_api_key, pasted) if pasted else None

    def clean_signing_secret(self) -> Secret:
        secret: Secret = _checked(parse_signing_secret, self.cleaned_data["signing_secret"])
        return secret

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        key: ApiKey | None = data.get("api_key")
        chosen = self._connection.mode if self._connection else data.get("mode")
        if key and chosen and (chosen == "live") != key.livemode:
            mode = "live" if key.livemode else "test"
            text = f"This is a {mode}-mode key ({key.hint}), but this is the form for {chosen} mode."
            self.add_error("api_key", text)
        return data


def _checked(parse: Any, pasted: str) -> Any:
    try:
        return parse(pasted)
    except InvalidInputError as error:
        raise forms.ValidationError(error.user_message, code=error.code) from error
