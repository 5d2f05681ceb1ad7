"""What a designer should know about configured actions that worked once and would not now, or not as expected."""

from collections.abc import Iterable

from actions.availability import list_availability
from actions.models import ActionConfig
from actions.period_end import PERMISSION as SCHEDULE_PERMISSION
from actions.pickers import references_of
from actions.registry import get_action
from actions.summaries import referred_to
from connector.models import Connection
from connector.permissions import allows, describe_permission
from sync.catalogue_entries import Entry, find_entries


class Warnings:
    """Of a whole page of actions, in a constant number of statements."""

    def __init__(self, connection: Connection | None, configs: Iterable[ActionConfig]) -> None:
        self._connection = connection
        self._why_not = {one.definition.key: one.why_not for one in list_availability(connection) if one.why_not}
        references = [reference for config in configs for reference in referred_to(config)]
        self._entries = find_entries(connection, references) if connection else {}

    def about(self, config: ActionConfig) -> list[str]:
        """Sentences; empty where all is well."""
        if self._connection is None:
            return ["This App is not connected to Stripe."]
        found = [self._why_not[config.action]] if config.action in self._why_not else []
        return [
            *found,
            *self._gone(config),
            *self._moved_dates(config),
            *self._made_here(config, self._connection),
        ]

    def _gone(self, config: ActionConfig) -> list[str]:
        parameters = [one for one in get_action(config.action).parameters if not one.also_past]
        used = references_of(tuple(parameters), config.parameters)
        gone = [f"{self._name(one)} {why}. Choose another one." for one in used if (why := self._why_gone(one))]
        if any(self._why_gone(price) for price in config.target or []):
            gone.append("A targeted plan is archived; users on it can still click.")
        return gone

    def _why_gone(self, reference: str) -> str:
        entry = self._entries.get(reference)
        return entry.why_not if entry else "is no longer at Stripe"

    def _name(self, reference: str) -> str:
        entry = self._entries.get(reference)
        return entry.label if entry else reference

    def _moved_dates(self, config: ActionConfig) -> list[str]:
        """https://docs.stripe.com/billing/subscriptions/change-price#changing-billing-cycles"""
        parameters = config.parameters
        new = self._entries.get(parameters.get("price") or "")
        old = [self._entries[price] for price in config.target or [] if price in self._entries]
        if config.action != "update_subscription" or parameters.get("timing") != "now" or new is None or not old:
            return []
        if all(_terms(entry) == _terms(new) for entry in old):
            return []
        text = (
            "The plans renew in different intervals: Stripe bills the new one at once and moves the billing date."
        )
        if parameters.get("proration_behavior") == "none":
            text += " Without prorations, what is left of the old plan is not credited."
        return [text]

    def _made_here(self, config: ActionConfig, connection: Connection) -> list[str]:
        waits = config.parameters.get("timing") == "period_end" and config.action == "update_subscription"
        if not waits or allows(connection, SCHEDULE_PERMISSION):
            return []
        permission = f"{describe_permission(SCHEDULE_PERMISSION)} ({SCHEDULE_PERMISSION})"
        text = (
            f"Engage makes this switch itself, ten minutes before the period ends. With {permission}, Stripe does."
        )
        return [text]


def _terms(entry: Entry) -> tuple[str, int]:
    return entry.row.interval, entry.row.interval_count or 1
