"""What an action is made of. ``actions/definitions/`` has one file per action, ``actions/registry.py`` the
list.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from actions.outcomes import Outcome
from actions.parameters import Parameter
from connector.models import Connection
from connector.stripe_gateway import StripeGateway
from sync.models import Price

REFERENCE = "engage_reference"
"""In the metadata of what an action creates: the ``reference`` of its click, by which it is found again."""


class Needs(StrEnum):
    """What of the user's must exist before the action can be prepared."""

    CUSTOMER = "customer"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """Everything a definition may look at, read fresh for this click.

    ``subscription`` is Stripe's own object (``discounts`` expanded), one of the customer's ``subscriptions``,
    None for actions that need no subscription; ``target`` are the price ids that chose it, empty for the
    trait rule; ``plans`` are what has been read of plans already, by price id; ``now`` is Stripe's time in epoch
    seconds, a test clock's where the subscription is on one; ``reference`` is unique to this action of this click;
    ``is_due`` says that a change put off by our own scheduler is to be made now, ``late_since`` (epoch seconds) that
    it should have been made then.
    """

    connection: Connection
    gateway: StripeGateway
    parameters: Mapping[str, Any]
    user_id: str
    customer: str
    subscription: dict[str, Any] | None
    subscriptions: Sequence[dict[str, Any]]
    target: tuple[str, ...]
    plans: Mapping[str, Price]
    now: int
    reference: str
    is_due: bool = False
    late_since: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeRequest:
    """One request, decided in full before it is sent, so that it can be repeated word for word.

    ``operation`` is a key of ``actions.requests.OPERATIONS``; ``params`` are Stripe's; ``facts`` is what
    ``read_back`` needs to judge the answer and to word the message; ``releases`` is a schedule of ours that
    has to go first, or with ``releases_last`` once the request has succeeded.
    """

    operation: str
    id: str = ""
    releases: str = ""
    releases_last: bool = False
    params: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def as_stored(self) -> dict[str, Any]:
        """Its fields by name; ``dataclasses.asdict`` would copy all that is in them."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def _nothing_wrong(_: Mapping[str, Any]) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionDefinition:
    """One action of the registry.

    ``required_permissions`` are ``rak_…`` names without which the action is disabled;
    ``optional_permissions`` map a name to what it adds. ``statuses`` are the subscription statuses in which
    the action is possible; in every other one the outcome is ``not_allowed``. ``check`` says what is wrong
    with a combination of parameters that are each right, a sentence by parameter. ``prepare`` checks what else must
    hold and returns the request, or the outcome where none is needed; it raises ``NotAllowedError``. ``read_back``
    judges Stripe's answer: only what the answer shows counts. ``summarize`` words the configured action for a
    designer, given names of plans and coupons.
    """

    key: str
    label: str
    description: str
    parameters: tuple[Parameter, ...]
    required_permissions: tuple[str, ...]
    optional_permissions: Mapping[str, str] = field(default_factory=dict)
    needs: Needs = Needs.SUBSCRIPTION
    check: Callable[[Mapping[str, Any]], dict[str, str]] = _nothing_wrong
    statuses: frozenset[str] = frozenset()
    prepare: Callable[[Click], StripeRequest | Outcome]
    read_back: Callable[[StripeRequest, dict[str, Any]], Outcome]
    summarize: Callable[[Mapping[str, Any], Mapping[str, str]], str]
