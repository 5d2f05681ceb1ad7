"""What ``manage.py doctor`` looks at, one finding after another."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import redis
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.checks import WARNING, run_checks
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from connector import selectors
from connector.crypto import Secret
from connector.errors import StripeError
from connector.host import get_host
from connector.models import Connection
from connector.platforms import configured_platforms
from connector.status import read_signs
from connector.stripe_gateway import StripeGateway


@dataclass(frozen=True, slots=True)
class FoundOut:
    """One thing looked at. ``advice`` says what to do where it is not ``ok``."""

    what: str
    ok: bool
    advice: str = ""


def examine() -> Iterator[FoundOut]:
    """Look at the parts first, then at each connection; each part that fails is named and the rest goes on."""
    yield from _configuration()
    yield _try("PostgreSQL", _ask_postgres, DatabaseError)
    yield _try("Migrations", _find_unapplied, DatabaseError)
    yield _try("Redis", _ask_redis, redis.RedisError)
    yield _try("Stripe", _ask_stripe, StripeError)
    yield from _platform_endpoints()
    yield from _connections()


def _try(what: str, look: Callable[[], str], failure: type[Exception]) -> FoundOut:
    try:
        advice = look()
    except failure as error:
        return FoundOut(what, ok=False, advice=str(error).strip())
    return FoundOut(what, ok=not advice, advice=advice)


def _configuration() -> Iterator[FoundOut]:
    messages = [message for message in run_checks(include_deployment_checks=True) if message.level >= WARNING]
    for message in messages:
        yield FoundOut(f"Settings ({message.id})", ok=False, advice=f"{message.msg} {message.hint or ''}".strip())
    if not messages:
        yield FoundOut("Settings", ok=True)


def _ask_postgres() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def _find_unapplied() -> str:
    executor = MigrationExecutor(connections["default"])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"Run manage.py migrate: {len(plan)} migrations are not applied." if plan else ""


def _ask_redis() -> str:
    with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2) as client:
        client.ping()
    return ""


def _ask_stripe() -> str:
    """A key that cannot exist: its refusal is all the answer that is needed."""
    nobody = Connection(
        method=Connection.Method.API_KEY,
        livemode=False,
        api_key=Secret("rk_test_doctor"),
        stripe_account_id="nobody",
    )
    try:
        StripeGateway(nobody, priority="click").retrieve_own_account()
    except StripeError as error:
        if error.code == "key_rejected":
            return ""
        raise
    return ""


def _platform_endpoints() -> Iterator[FoundOut]:
    for livemode in configured_platforms():
        endpoint = selectors.platform_endpoint(livemode=livemode)
        trouble = endpoint.trouble if endpoint else ""
        yield FoundOut(
            f"Connect webhook endpoint, {'live' if livemode else 'test'}", ok=not trouble, advice=trouble
        )


def _connections() -> Iterator[FoundOut]:
    """Each connection by itself: a secret that cannot be read must not hide the others."""
    used = Connection.objects.exclude(status=Connection.Status.REVOKED)
    for pk, app_id in used.values_list("pk", "app_id").order_by("app_id", "-livemode"):
        app = get_host().app(app_id)
        name = f"{app.name if app else app_id}"
        try:
            found = Connection.objects.get(pk=pk)
        except InvalidToken:
            advice = "Its secrets cannot be read: FIELD_ENCRYPTION_KEYS lacks the key that encrypted them."
            yield FoundOut(f"{name}", ok=False, advice=advice)
            continue
        signs = read_signs(found, now=timezone.now(), endpoint_trouble=selectors.endpoint_trouble(found))
        for sign in signs:
            fine = sign.kind in {"success", "info"}
            advice = "" if fine else f"{sign.word}. {sign.text}".strip()
            yield FoundOut(f"{name}, {found.mode}: {sign.label}", ok=fine, advice=advice)
