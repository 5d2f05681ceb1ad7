"""Every action there is, in the order in which designers see them."""

from actions.definition import ActionDefinition
from actions.definitions import (
    apply_discount,
    cancel_subscription,
    change_quantity,
    collect_invoice,
    convert_trial,
    extend_trial,
    keep_subscription,
    override_price,
    pause,
    payment_method_link,
    record_usage,
    remove_discounts,
    resubscribe,
    resume,
    set_collection,
    subscribe,
    update_subscription,
)
from connector.errors import InvalidInputError

ACTIONS: tuple[ActionDefinition, ...] = (
    update_subscription.DEFINITION,
    subscribe.DEFINITION,
    cancel_subscription.DEFINITION,
    keep_subscription.DEFINITION,
    resubscribe.DEFINITION,
    apply_discount.DEFINITION,
    remove_discounts.DEFINITION,
    extend_trial.DEFINITION,
    convert_trial.DEFINITION,
    pause.DEFINITION,
    resume.DEFINITION,
    change_quantity.DEFINITION,
    override_price.DEFINITION,
    record_usage.DEFINITION,
    collect_invoice.DEFINITION,
    set_collection.DEFINITION,
    payment_method_link.DEFINITION,
)
_BY_KEY = {definition.key: definition for definition in ACTIONS}


def get_action(key: str) -> ActionDefinition:
    """The action by key. Raises ``InvalidInputError``."""
    if key not in _BY_KEY:
        raise InvalidInputError("unknown_action", f"There is no action “{key}”. GET actions/ lists them all.")
    return _BY_KEY[key]
