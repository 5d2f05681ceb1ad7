"""Configured actions in plain words, for designers."""

from collections.abc import Iterable, Mapping

from actions.models import ActionConfig
from actions.pickers import names_of, references_of
from actions.registry import get_action
from connector.models import Connection


def summarize(config: ActionConfig, connection: Connection | None) -> str:
    """``switch the user's current plan to Pro, $20 a month, now, …``"""
    return summarize_with(config, names_in([config], connection))


def names_in(configs: Iterable[ActionConfig], connection: Connection | None) -> dict[str, str]:
    """What plans, coupons and codes of these actions are called, in a constant number of statements."""
    references = [reference for config in configs for reference in referred_to(config)]
    return names_of(connection, references)


def referred_to(config: ActionConfig) -> list[str]:
    """The catalogue ids that the action names, those of its target included."""
    return [*references_of(get_action(config.action).parameters, config.parameters), *(config.target or [])]


def summarize_with(config: ActionConfig, names: Mapping[str, str]) -> str:
    """The same with names that are known already."""
    text = get_action(config.action).summarize(config.parameters, names)
    if config.target:
        text += f" (for users on {' or '.join(names.get(price, price) for price in config.target)})"
    return text
