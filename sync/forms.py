"""The forms of the data sync page."""

import json
from typing import Any
from uuid import UUID

from django import forms

from connector.crypto import Secret
from connector.errors import InvalidInputError
from sync.models import IdentitySource
from sync.stores import check_source, own_folders

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
        help_text="A JSON object. Stored encrypted and not shown again.",
    )

    class Meta:
        model = IdentitySource
        fields = ["url", "mode", "after_import"]
        labels = {"url": "Folder", "mode": "Mode", "after_import": "After the import"}

    def __init__(self, *args: Any, app_id: UUID, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._app_id = app_id
        own = "".join(f" Without credentials: {folder}." for folder in own_folders(app_id))
        self.fields["url"].help_text = f"s3://bucket/ingest, gs://…, abfs://container/… or sftp://host/….{own}"

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
        url = data.get("url", "")
        try:
            check_source(app_id=self._app_id, url=url, credentials=data.get("credentials", {}))
        except InvalidInputError as error:
            self.add_error("url" if error.code != "bad_credentials" else "credentials", error.user_message)
        if data.get("after_import") == IdentitySource.AfterImport.TAG and not url.startswith("s3://"):
            self.add_error("after_import", "Only S3 has tags. Move the file or leave it.")
        return data

    def secret(self) -> Secret:
        """The credentials as they are stored."""
        credentials = self.cleaned_data["credentials"]
        return Secret(json.dumps(credentials) if credentials else "")
