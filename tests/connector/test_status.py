"""Green only while everything works."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connector import status
from connector.crypto import Secret
from connector.models import Connection
from connector.permissions import PERMISSIONS
from connector.status import Sign, is_healthy, read_signs
from tests.factories import make_connection

pytestmark = pytest.mark.django_db

NOW = timezone.now()
GRANTED = {permission.name: {"state": "granted", "message": ""} for permission in PERMISSIONS}
FRESH = {
    "permissions": GRANTED,
    "last_event_at": NOW,
    "last_catalogue_at": NOW,
    "last_identities_at": NOW,
    "last_reconciliation_at": NOW,
}


def signs_of(*, endpoint_trouble: str = "", **fields: Any) -> dict[str, Sign]:
    connection = make_connection(**{**FRESH, **fields})
    return {sign.label: sign for sign in read_signs(connection, now=NOW, endpoint_trouble=endpoint_trouble)}


def healthy(signs: dict[str, Sign]) -> bool:
    return is_healthy(list(signs.values()))


def test_it_is_green_when_everything_is_fresh() -> None:
    assert healthy(signs_of())


@pytest.mark.parametrize(
    ("fields", "label", "word"),
    [
        ({"status": "inactive"}, "Connection", "Inactive"),
        ({"status": "pending", "status_reason": "Tick it."}, "Connection", "Pending"),
        ({"status": "error", "status_reason": "Revoked."}, "Connection", "Error"),
        ({"last_event_at": None}, "Real-time events", "None yet"),
        ({"last_event_at": NOW - timedelta(days=8)}, "Real-time events", "Quiet"),
        ({"webhook_secret": Secret("")}, "Real-time events", "Not set up"),
        ({"last_catalogue_at": None}, "Catalogue", "None yet"),
        ({"last_catalogue_at": NOW - timedelta(hours=27)}, "Catalogue", "Late"),
        ({"last_identities_at": None}, "Identities", "None yet"),
        ({"last_identities_at": NOW - timedelta(hours=27)}, "Identities", "Late"),
        ({"last_reconciliation_at": None}, "Reconciliation", "None yet"),
        ({"last_reconciliation_at": NOW - timedelta(hours=27)}, "Reconciliation", "Late"),
        ({"permissions": {}}, "Permissions", "Missing"),
    ],
)
def test_it_is_not_green_and_says_why(fields: dict[str, Any], label: str, word: str) -> None:
    signs = signs_of(**fields)
    assert signs[label].word == word
    assert signs[label].text
    assert not healthy(signs)


def test_it_stays_green_without_optional_permissions_and_names_them() -> None:
    signs = signs_of(permissions={p.name: GRANTED[p.name] for p in PERMISSIONS if p.required})
    assert healthy(signs)
    assert "Payment Methods → Read" in signs["Permissions"].text


def test_it_is_red_while_the_platform_endpoint_is_broken() -> None:
    signs = signs_of(method=Connection.Method.CONNECT, endpoint_trouble="It is disabled at Stripe.")
    assert signs["Real-time events"].kind == "danger"
    assert not healthy(signs)


@pytest.fixture
def contributed() -> Iterator[None]:
    status.contributions.append(lambda _: [Sign("Failed events", "warning", "3", "Look at them.")])
    yield
    status.contributions.pop()


@pytest.mark.usefixtures("contributed")
def test_it_counts_what_other_apps_know() -> None:
    signs = signs_of()
    assert signs["Failed events"].word == "3"
    assert not healthy(signs)
