"""The forms of the data sync page."""

import json
from typing import Any

from django import forms

from connector.crypto import Secret
from connector.errors import InvalidInputError
from sync.models import IdentitySource
from sync.sources import check_credentials, check_url

MODES = [
    ("incremental", "Incremental: users that the file does not name keep their link"),
    ("full", "Full: users that the file does not name lose their link"),
]


class UploadForm(forms.Form):
    """An identity file from the admin's own machine."""

    file = forms.FileField(
        label="CSV file",
        help_text="First column user_id, then stripe_id or email_address. Plain, gzip or zstd.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.gz,.zst"}),
    )
    mode = forms.ChoiceField(label="Mode", choices=MODES, widget=forms.RadioSelect, initial="incremental")
    dry_run = forms.BooleanField(
        label="Dry run", required=False, help_text="Shows what would change and changes nothing."
    )


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]  # Django has no run-time generics here
    """A folder or object store where nightly files arrive. ``credentials`` are never rendered again."""

    credentials = forms.CharField(
        label="Credentials",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text='A JSON object, for S3 {"key": "…", "secret": "…"}. Stored encrypted and not shown again.',
    )

    class Meta:
        model = IdentitySource
        fields = ["url", "mode", "after_import"]
        labels = {"url": "Folder", "mode": "Mode", "after_import": "After the import"}
        help_texts = {
            "url": "s3://bucket/ingest, gs://…, abfs://…, sftp://… or a folder that the operator opened."
        }

    def clean_credentials(self) -> dict[str, Any]:
        text = self.cleaned_data["credentials"].strip()
        try:
            credentials = json.loads(text) if text else {}
        except ValueError as error:
            raise forms.ValidationError("This is not JSON.") from error
        if not isinstance(credentials, dict):
            raise forms.ValidationError("This must be a JSON object.")
        return credentials

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        try:
            check_url(data.get("url", ""))
            check_credentials(data.get("url", ""), data.get("credentials", {}))
        except InvalidInputError as error:
            self.add_error("url" if error.code != "bad_credentials" else "credentials", error.user_message)
        return data

    def secret(self) -> Secret:
        """The credentials as they are stored."""
        credentials = self.cleaned_data["credentials"]
        return Secret(json.dumps(credentials) if credentials else "")
