"""What a click needs before it begins, in one statement."""

from dataclasses import dataclass
from uuid import UUID

from django.db import models
from django.db.models.expressions import RawSQL

from actions.models import ActionConfig
from connector.models import Connection
from connector.prepared import Prepared, given, rows_from_json
from connector.selectors import active_to_prepare
from sync.locks import TRY_LOCK, release
from sync.models import Identity


@dataclass(frozen=True, slots=True)
class Opening:
    """``identity`` is what links the user to Stripe, None for an unknown user; ``configs`` are the interaction's
    enabled actions in order; ``has_lock`` says that this session holds the user's lock, which somebody has to release.
    """

    connection: Connection
    identity: Identity | None
    configs: list[ActionConfig]
    has_lock: bool


def _sql(text: str, *names: str) -> RawSQL:
    return RawSQL(text, [given(name) for name in names], output_field=models.TextField())  # noqa: S611  constants only


_IDENTITY = f"""(
    SELECT json_agg(i)::text FROM {Identity._meta.db_table} i WHERE i.app_id = %s AND i.user_id = %s
)"""  # noqa: S608  names of tables
_CONFIGS = f"""(
    SELECT json_agg(c ORDER BY c.position)::text FROM {ActionConfig._meta.db_table} c
    WHERE c.app_id = %s AND c.prompt_id = %s AND c.interaction = %s AND c.enabled
)"""  # noqa: S608
_OPENING = Prepared(
    lambda: active_to_prepare().annotate(
        identity=_sql(_IDENTITY, "app_id", "user_id"),
        configs=_sql(_CONFIGS, "app_id", "prompt_id", "interaction"),
        # A query of its own that looks at no row: PostgreSQL runs it once.
        has_lock=_sql(f"(SELECT {TRY_LOCK})", "lock"),
    )[:1]
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
        configs=rows_from_json(ActionConfig, brought["configs"]),
        has_lock=brought["has_lock"],
    )
