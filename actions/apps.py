"""The app's configuration; its label is fixed before the first migration."""

from django.apps import AppConfig


class ActionsConfig(AppConfig):
    name = "actions"
    label = "stripe_actions"
    verbose_name = "Stripe connector: actions"
