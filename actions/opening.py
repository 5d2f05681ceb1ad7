"""What a click needs before it begins, in one statement."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from django.db import models
from django.db.models.expressions import RawSQL

from actions.definitions.shared import PLAN
from actions.models import ActionConfig
from connector.models import Connection
from connector.prepared import Prepared, given, rows_from_json
from connector.selectors import active_to_prepare
from sync.locks import TRY_LOCK, release
from sync.models import Identity, Price, Product


@dataclass(frozen=True, slots=True)
class Opening:
    """``connection`` has what clicks need of it, the rest is deferred. ``identity`` is what links the user to Stripe,
    None for an unknown user; ``plans`` what is mirrored of the actions' plans, by price id; ``has_lock`` says that this
    session holds the user's lock, which somebody has to release.
    """

    connection: Connection
    identity: Identity | None
    configured: "Configured"
    plans: Mapping[str, Price]
    has_lock: bool


class Configured(NamedTuple):
    """An interaction's enabled actions in order. ``version`` fingerprints what they do, so that a changed
    configuration is another click.
    """

    actions: Sequence[ActionConfig]
    version: str


def _sql(text: str, *names: str) -> RawSQL:
    return RawSQL(text, [given(name) for name in names], output_field=models.TextField())  # noqa: S611  constants only


_IDENTITY = f"""(
    SELECT json_agg(i)::text FROM {Identity._meta.db_table} i WHERE i.app_id = %s AND i.user_id = %s
)"""  # noqa: S608  names of tables
_OF_INTERACTION = "c.app_id = %s AND c.prompt_id = %s AND c.interaction = %s AND c.enabled"
_CONFIGS = f"""(
    SELECT json_agg(c ORDER BY c.position)::text FROM {ActionConfig._meta.db_table} c WHERE {_OF_INTERACTION}
)"""  # noqa: S608
_PLANS = f"""(
    SELECT json_agg(to_jsonb(p) || jsonb_build_object(
        'unit_amount', p.unit_amount::text, 'product_name', d.name, 'of_active_product', d.active
    ))::text
    FROM {ActionConfig._meta.db_table} c
    JOIN {Price._meta.db_table} p
        ON p.connection_id = {Connection._meta.db_table}.id AND p.stripe_id = c.parameters ->> '{PLAN.name}'
    LEFT JOIN {Product._meta.db_table} d ON d.connection_id = p.connection_id AND d.stripe_id = p.product
    WHERE {_OF_INTERACTION}
)"""  # noqa: S608
"""As ``actions.catalogue`` reads one."""
_OF_CONNECTION = [
    "app_id", "method", "livemode", "status", "stripe_account_id", "api_key", "api_key_fingerprint", "permissions",
]  # fmt: skip
_OPENING = Prepared(
    lambda: (
        active_to_prepare()
        .only(*_OF_CONNECTION)
        .annotate(
            identity=_sql(_IDENTITY, "app_id", "user_id"),
            configs=_sql(_CONFIGS, "app_id", "prompt_id", "interaction"),
            plans=_sql(_PLANS, "app_id", "prompt_id", "interaction"),
            # A query of its own that looks at no row: PostgreSQL runs it once.
            has_lock=_sql(f"(SELECT {TRY_LOCK})", "lock"),
        )[:1]
    )
)


def open_click(*, app_id: UUID, prompt_id: str, interaction: str, user_id: str, lock: str) -> Opening | None:
    """None, and no lock, where the App has no active connection. The live one comes before the test one."""
    try:
        connection = _OPENING.first(
            app_id=app_id, prompt_id=prompt_id, interaction=interaction, user_id=user_id, lock=lock
        )
        return _read(connection) if connection else None
    except Exception:
        release(lock)  # the statement may have taken it before something, such as the key's decryption, failed
        raise


def _read(connection: Connection) -> Opening:
    brought = vars(connection)
    return Opening(
        connection=connection,
        identity=next(iter(rows_from_json(Identity, brought["identity"])), None),
        configured=_read_configured(brought["configs"]),
        plans=_read_plans(brought["plans"]),
        has_lock=brought["has_lock"],
    )


# A prompt's clicks are told the same each time. They share what is read here, so nobody may change it.


@lru_cache(maxsize=1000)
def _read_configured(told: str | None) -> Configured:
    actions = rows_from_json(ActionConfig, told)
    described = [[one.action, one.parameters, one.target, one.on_error] for one in actions]
    return Configured(
        tuple(actions), hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:16]
    )


@lru_cache(maxsize=1000)
def _read_plans(told: str | None) -> Mapping[str, Price]:
    return MappingProxyType({price.stripe_id: price for price in rows_from_json(Price, told)})
