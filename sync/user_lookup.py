"""Everything known about one end user, for the user lookup page and the command."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from connector.models import Connection
from connector.permissions import allows, describe_permission
from sync.models import Customer, Identity, RefreshRequest, StripeEvent, Subscription, TraitHistory, UserTraits
from sync.projection_sql import TRAIT_NAMES
from sync.selectors import shown_connection
from sync.traits import STATUSES

_SHOWN = 20
_CARDS = "rak_payment_method_read"


@dataclass(frozen=True, slots=True)
class TraitLine:
    """One trait with where it came from; ``former`` is the value before the last change, if that is kept.

    ``lacking`` names the permission without which the trait may stay empty.
    """

    name: str
    value: Any
    source: dict[str, Any]
    former: Any
    changed: bool
    lacking: str


@dataclass(frozen=True, slots=True)
class UserLookup:
    """A user of one App. ``unknown_status``: Stripe sent a status that this release has no rule for."""

    identity: Identity | None
    row: UserTraits | None
    connection: Connection | None
    traits: list[TraitLine]
    customers: list[Customer]
    subscriptions: list[Subscription]
    events: list[StripeEvent]
    history: list[TraitHistory]
    refreshes: list[RefreshRequest]
    unknown_status: bool


def look_up(*, app_id: UUID, user_id: str) -> UserLookup | None:
    """None for a user of whom this App knows nothing."""
    connection = shown_connection(app_id=app_id)
    livemode = connection is None or connection.livemode
    identity = Identity.objects.filter(app_id=app_id, user_id=user_id).first()
    row = UserTraits.objects.filter(app_id=app_id, livemode=livemode, user_id=user_id).first()
    if identity is None and row is None:
        return None
    history = list(
        TraitHistory.objects.filter(app_id=app_id, livemode=livemode, user_id=user_id).order_by("-at")[:_SHOWN]
    )
    customers = _customers(connection, identity)
    ids = [one.stripe_id for one in customers]
    return UserLookup(
        identity=identity,
        row=row,
        connection=connection,
        traits=[_trait_line(name, row, history, connection) for name in TRAIT_NAMES],
        customers=customers,
        subscriptions=list(
            Subscription.objects.filter(connection=connection, customer__in=ids).order_by("-created")
        ),
        events=_events(connection, ids),
        history=history,
        refreshes=list(RefreshRequest.objects.filter(connection=connection, stripe_id__in=ids)),
        unknown_status=row is not None and row.subscription_status not in {*STATUSES, "NONE"},
    )


def _customers(connection: Connection | None, identity: Identity | None) -> list[Customer]:
    if connection is None or identity is None:
        return []
    if identity.stripe_id:
        link = Q(stripe_id=identity.stripe_id)
    elif identity.email_address:
        link = Q(email__iexact=identity.email_address)
    else:
        return []
    return list(Customer.objects.filter(link, connection=connection).order_by(F("created").desc(nulls_last=True)))


def _trait_line(
    name: str, row: UserTraits | None, history: list[TraitHistory], connection: Connection | None
) -> TraitLine:
    entry = next((one for one in history if name in one.changes), None)
    return TraitLine(
        name=name,
        value=getattr(row, name) if row else None,
        source=row.sources.get(name, {}) if row else {},
        former=entry.changes[name][0] if entry else None,
        changed=entry is not None,
        lacking=_lacking_permission(name, connection),
    )


def _lacking_permission(trait: str, connection: Connection | None) -> str:
    """Cards are read with a permission of their own; events may bring them without it."""
    if connection is None or not trait.startswith("payment_card_") or allows(connection, _CARDS):
        return ""
    return describe_permission(_CARDS)


def _events(connection: Connection | None, customer_ids: list[str]) -> list[StripeEvent]:
    """The newest events about these customers, among the newest of the connection."""
    about = Q()
    for customer_id in customer_ids:
        about |= Q(payload__data__object__customer=customer_id) | Q(payload__data__object__id=customer_id)
    if connection is None or not customer_ids:
        return []
    newest = StripeEvent.objects.filter(connection=connection).order_by("-created").values("id")[:5_000]
    return list(StripeEvent.objects.filter(about, id__in=newest).defer("payload").order_by("-created")[:_SHOWN])
