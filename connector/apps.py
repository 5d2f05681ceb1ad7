"""The app's configuration; its label is fixed before the first migration."""

from django.apps import AppConfig


class ConnectorConfig(AppConfig):
    name = "connector"
    label = "stripe_connector"
    verbose_name = "Stripe connector: connector"

    def ready(self) -> None:
        from connector import api_schema, checks  # noqa: F401, PLC0415  registering is what the import does
