"""Every action there is, in the order in which designers see them."""

from actions.definition import ActionDefinition
from actions.definitions import update_subscription
from connector.errors import InvalidInputError

ACTIONS: tuple[ActionDefinition, ...] = (update_subscription.DEFINITION,)
_BY_KEY = {definition.key: definition for definition in ACTIONS}


def get_action(key: str) -> ActionDefinition:
    """The action by key. Raises ``InvalidInputError``."""
    if key not in _BY_KEY:
        raise InvalidInputError("unknown_action", f"There is no action “{key}”. GET actions/ lists them all.")
    return _BY_KEY[key]
