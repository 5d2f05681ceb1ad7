"""The platform's Connect webhook endpoint: made once, watched, repaired, and never somebody else's."""

from typing import Any

import pytest

from connector import tasks
from connector.crypto import Secret
from connector.errors import ConnectorError
from connector.models import PlatformEndpoint
from connector.platform_endpoint import ensure_platform_endpoint, find_drift, platform_url
from connector.stripe_gateway import API_VERSION
from connector.webhook_events import CONNECT_EVENTS
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def platform(settings: Any, sandbox: Sandbox) -> Any:
    """The SDK on a fresh platform account of ours, in test mode."""
    made = sandbox.admin("POST", "platforms", redirect_uris=["http://127.0.0.1:8000/callback"])
    settings.ENGAGE_STRIPE["STRIPE_CONNECT_CLIENT_ID"] = made["client_id"]
    settings.ENGAGE_STRIPE["STRIPE_PLATFORM_KEY"] = made["secret_key"]
    return sandbox.client(made["secret_key"]).v1


def test_it_creates_the_endpoint_once(platform: Any) -> None:
    first = ensure_platform_endpoint(livemode=False)
    second = ensure_platform_endpoint(livemode=False)
    assert first.webhook_endpoint_id == second.webhook_endpoint_id
    endpoint = platform.webhook_endpoints.list().data[0]
    assert set(endpoint.enabled_events) == set(CONNECT_EVENTS)
    assert endpoint.api_version == API_VERSION
    assert endpoint.url == platform_url()
    assert second.webhook_secret.reveal().startswith("whsec_")
    assert second.trouble == ""


def test_it_repairs_events_and_enables_what_was_disabled(platform: Any) -> None:
    row = ensure_platform_endpoint(livemode=False)
    changes = {"disabled": True, "enabled_events": ["customer.updated"]}
    platform.webhook_endpoints.update(row.webhook_endpoint_id, changes)
    ensure_platform_endpoint(livemode=False)
    endpoint = platform.webhook_endpoints.retrieve(row.webhook_endpoint_id)
    assert find_drift(endpoint.to_dict()) == []
    row.refresh_from_db()
    assert row.repaired.startswith("It is disabled at Stripe.")


def test_it_makes_a_new_one_for_a_new_version_and_accepts_both_secrets(platform: Any) -> None:
    former = ensure_platform_endpoint(livemode=False)
    metadata = {"engage_install": str(former.install_id)}
    old = platform.webhook_endpoints.create(
        {
            "url": platform_url(),
            "enabled_events": list(CONNECT_EVENTS),
            "metadata": metadata,
            "connect": True,
            "api_version": "2025-03-31.basil",
        }
    )
    platform.webhook_endpoints.delete(former.webhook_endpoint_id)
    PlatformEndpoint.objects.update(webhook_endpoint_id=old.id)
    row = ensure_platform_endpoint(livemode=False)
    assert [endpoint.id for endpoint in platform.webhook_endpoints.list().data] == [row.webhook_endpoint_id]
    assert row.accepted_secrets() == [row.webhook_secret, former.webhook_secret]


def test_it_replaces_an_endpoint_whose_secret_was_lost(platform: Any) -> None:
    lost = ensure_platform_endpoint(livemode=False)
    lost.webhook_secret = Secret("")
    lost.save()
    found = ensure_platform_endpoint(livemode=False)
    assert found.webhook_secret
    assert [endpoint.id for endpoint in platform.webhook_endpoints.list().data] == [found.webhook_endpoint_id]


def test_it_leaves_the_endpoints_of_others_alone(platform: Any) -> None:
    row = ensure_platform_endpoint(livemode=False)
    mark = {"engage_install": str(row.install_id)}
    events = ["customer.updated"]
    theirs = {
        platform.webhook_endpoints.create({"url": url, "enabled_events": events, "metadata": metadata}).id
        for url, metadata in (
            ("https://elsewhere.example.com/webhooks/stripe/connect/", mark),
            (platform_url(), {"engage_install": "another"}),
            (platform_url(), {}),
        )
    }
    ensure_platform_endpoint(livemode=False)
    endpoints = {endpoint.id: endpoint for endpoint in platform.webhook_endpoints.list().data}
    assert set(endpoints) == {*theirs, row.webhook_endpoint_id}
    assert all(list(endpoints[other].enabled_events) == events for other in theirs)


def test_it_keeps_the_trouble_for_the_page(settings: Any, platform: Any) -> None:
    settings.ENGAGE_STRIPE["STRIPE_PLATFORM_KEY"] = "sk_test_not-a-key"
    with pytest.raises(ConnectorError):
        ensure_platform_endpoint(livemode=False)
    assert "could not be checked" in PlatformEndpoint.objects.get().trouble


def test_it_says_what_has_drifted() -> None:
    endpoint = {
        "status": "disabled",
        "enabled_events": [*CONNECT_EVENTS[1:], "charge.succeeded"],
        "api_version": "2025-03-31.basil",
    }
    disabled, missing, extra, version = find_drift(endpoint)
    assert "disabled" in disabled
    assert CONNECT_EVENTS[0] in missing
    assert "charge.succeeded" in extra
    assert "2025-03-31.basil" in version


def test_it_is_watched_by_a_task(platform: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    row = ensure_platform_endpoint(livemode=False)
    platform.webhook_endpoints.update(row.webhook_endpoint_id, {"disabled": True})
    monkeypatch.setattr(tasks.check_platform_endpoint, "delay", tasks.check_platform_endpoint)
    tasks.check_platform_endpoints()
    assert platform.webhook_endpoints.retrieve(row.webhook_endpoint_id).status == "enabled"
