"""Everything known about one end user, for the user lookup page and the command."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from connector import statements
from connector.models import Connection
from connector.permissions import allows, describe_permission
from sync.models import Customer, Identity, RefreshRequest, StripeEvent, Subscription, TraitHistory, UserTraits
from sync.projection_sql import TRAIT_NAMES
from sync.selectors import shown_connection
from sync.traits import STATUSES

_SHOWN = 20
_CARDS = "rak_payment_method_read"

_FORMER = f"""
    SELECT DISTINCT ON (change.key) change.key, change.value->0
    FROM {TraitHistory._meta.db_table} h, jsonb_each(h.changes) AS change
    WHERE h.app_id = %s AND h.livemode = %s AND h.user_id = %s
    ORDER BY change.key, h.at DESC, h.id DESC
"""  # noqa: S608  table name
"""For each trait that changed within the time that history is kept: its name and the value before."""


@dataclass(frozen=True, slots=True)
class TraitLine:
    """One trait with what set it and when, for as long as it has this value.

    ``former``: the value before, if history still has it; a list of one or none. Times in it are epoch seconds.
    ``lacking`` names the permission without which the trait may stay empty.
    """

    name: str
    value: Any
    source: dict[str, Any]
    set_at: datetime | None
    former: list[Any]
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
        TraitHistory.objects.filter(app_id=app_id, livemode=livemode, user_id=user_id).order_by("-at", "-id")[
            :_SHOWN
        ]
    )
    former = _former_values(app_id, user_id, livemode=livemode)
    customers = _customers(connection, identity)
    ids = [one.stripe_id for one in customers]
    return UserLookup(
        identity=identity,
        row=row,
        connection=connection,
        traits=[_trait_line(name, row, former.get(name, []), connection) for name in TRAIT_NAMES],
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
        link = Q(Exact(Lower("email"), Lower(Value(identity.email_address))))  # as the index has it
    else:
        return []
    return list(Customer.objects.filter(link, connection=connection).order_by(F("created").desc(nulls_last=True)))


def _former_values(app_id: UUID, user_id: str, *, livemode: bool) -> Mapping[str, list[Any]]:
    former = statements.rows(_FORMER, [app_id, livemode, user_id])
    return {name: [json.loads(value)] for name, value in former}


def _trait_line(name: str, row: UserTraits | None, former: list[Any], connection: Connection | None) -> TraitLine:
    source = row.source_of(name) if row else {}
    return TraitLine(
        name=name,
        value=getattr(row, name) if row else None,
        source=source,
        set_at=datetime.fromtimestamp(source["set_at"], UTC) if "set_at" in source else None,
        former=former,
        lacking=_lacking_permission(name, connection),
    )


def _lacking_permission(trait: str, connection: Connection | None) -> str:
    """Cards are read with a permission of their own; events may bring them without it."""
    if connection is None or not trait.startswith("payment_card_") or allows(connection, _CARDS):
        return ""
    return describe_permission(_CARDS)


def _events(connection: Connection | None, customer_ids: list[str]) -> list[StripeEvent]:
    """The newest events about these customers, of those that were read."""
    about = StripeEvent.objects.filter(connection=connection, customer__in=customer_ids)
    return list(about.defer("payload").order_by("-created", "-id")[:_SHOWN])
