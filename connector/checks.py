"""Django system checks: ``manage.py check`` says what is misconfigured and what to do about it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004  Django's own name
from django.db import DEFAULT_DB_ALIAS, connections
from django.utils.module_loading import import_string

from connector.configuration import DEFAULTS, REQUIRED, option

_STRIPE = ("STRIPE_API_BASE", "STRIPE_CONNECT_BASE")


@register(Tags.compatibility)
def check_completeness(**_: Any) -> list[CheckMessage]:
    """What has no default, and names that nothing reads."""
    given = set(settings.ENGAGE_STRIPE)
    problems = {"lacks": set(REQUIRED) - given, "has the unknown": given - {*REQUIRED, *DEFAULTS}}
    return [
        Error(
            f"ENGAGE_STRIPE {problem} {', '.join(sorted(names))}.",
            hint=f"It takes {', '.join((*REQUIRED, *DEFAULTS))}.",
            id="stripe_connector.E006",
        )
        for problem, names in problems.items()
        if names
    ]


@register(Tags.security)
def check_encryption_keys(**_: Any) -> list[CheckMessage]:
    """Fields cannot be encrypted without a sound key."""
    keys = [key.strip() for key in option("FIELD_ENCRYPTION_KEYS")]
    if keys and all(map(_is_fernet_key, keys)):
        return []
    return [
        Error(
            "FIELD_ENCRYPTION_KEYS is missing or holds something that is not a Fernet key.",
            hint="Make one with: python -c 'from cryptography.fernet import Fernet; "
            "print(Fernet.generate_key().decode())'. Several are separated by commas, the newest first.",
            id="stripe_connector.E001",
        )
    ]


@register(Tags.compatibility)
def check_host(**_: Any) -> list[CheckMessage]:
    """The seam to the host product."""
    path = option("HOST")
    try:
        import_string(path)
    except ImportError as error:
        hint = "Name a class that implements connector.host.EngageHost."
        return [Error(f"ENGAGE_STRIPE['HOST'] cannot be imported: {error}", hint=hint, id="stripe_connector.E002")]
    return []


@register(Tags.security, deploy=True)
def check_addresses(**_: Any) -> Iterator[CheckMessage]:
    """In production requests go to Stripe itself, and Stripe reaches us over HTTPS."""
    for name in _STRIPE:
        if option(name) != DEFAULTS[name]:
            yield Warning(
                f"{name} is {option(name)}, not Stripe's own address.",
                hint="That is right for a sandbox only: keys are sent there. Unset it in production.",
                id="stripe_connector.W001",
            )
    if urlsplit(option("PUBLIC_BASE_URL")).scheme != "https":
        yield Warning(
            f"PUBLIC_BASE_URL is {option('PUBLIC_BASE_URL')}, not an https:// address.",
            hint="Stripe delivers live webhooks and OAuth answers over HTTPS only.",
            id="stripe_connector.W002",
        )


@register(Tags.security)
def check_platforms(**_: Any) -> Iterator[CheckMessage]:
    """Stripe Connect needs a client id and a key, of one mode each."""
    modes = []
    for prefix in ("STRIPE_", "STRIPE_TEST_"):
        key, client_id = option(f"{prefix}PLATFORM_KEY"), option(f"{prefix}CONNECT_CLIENT_ID")
        if bool(key) != bool(client_id):
            yield Error(
                f"Of {prefix}PLATFORM_KEY and {prefix}CONNECT_CLIENT_ID only one is set.",
                hint="Set both for Stripe Connect, or neither: then admins connect with API keys.",
                id="stripe_connector.E003",
            )
        if key and not key.startswith(("sk_live_", "sk_test_", "rk_live_", "rk_test_")):
            yield Error(
                f"{prefix}PLATFORM_KEY is not a Stripe secret key.",
                hint="It starts with sk_live_ or sk_test_.",
                id="stripe_connector.E004",
            )
        modes += ["live" if "_live_" in key else "test"] if key else []
    if len(modes) != len(set(modes)):
        yield Error(
            f"Both platform keys are {modes[0]}-mode keys.",
            hint="STRIPE_PLATFORM_KEY is for live mode, STRIPE_TEST_PLATFORM_KEY for test mode.",
            id="stripe_connector.E005",
        )


@register(Tags.compatibility)  # those of Tags.database run only where a database is named
def check_database(**_: Any) -> Iterator[CheckMessage]:
    """``connector.statements`` prepares the product's own statements, and its locks are those of *read committed*."""
    options = connections[DEFAULT_DB_ALIAS].settings_dict["OPTIONS"]
    wrong = [name for name in ("prepare_threshold", "isolation_level") if options.get(name) is not None]
    if wrong:
        yield Error(
            f"The default database's OPTIONS set {' and '.join(wrong)}.",
            hint="Leave it out. With a prepare_threshold, psycopg would drop what the connector has prepared at every "
            "rollback; and it relies on PostgreSQL's usual isolation.",
            id="stripe_connector.E007",
        )


def _is_fernet_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True
