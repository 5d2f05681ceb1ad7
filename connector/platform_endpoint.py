"""The platform's one Connect webhook endpoint of each mode: found or created, watched, repaired.

Only an endpoint with our install id *and* our address is ever changed or deleted: a copy of the database elsewhere
has the same id but another address. https://docs.stripe.com/connect/webhooks
"""

import logging
from typing import Any

from django.urls import reverse
from django.utils import timezone

from connector import audit
from connector.audit import Actor
from connector.configuration import public_address
from connector.crypto import Secret
from connector.errors import ConnectorError
from connector.locks import advisory_lock
from connector.models import Connection, PlatformEndpoint
from connector.platforms import get_platform
from connector.stripe_gateway import API_VERSION, StripeGateway
from connector.webhook_endpoints import roll_secret
from connector.webhook_events import CONNECT_EVENTS

logger = logging.getLogger(__name__)

_MARK = "engage_install"


def platform_url() -> str:
    """Where Stripe delivers the events of all connected accounts."""
    return public_address(reverse("stripe_sync:webhook_connect"))


def ensure_platform_endpoint(*, livemode: bool) -> PlatformEndpoint:
    """Find our endpoint and repair its drift, or create it. Safe to call from several processes at once.

    What was wrong is kept for the settings page: in ``repaired``, or in ``trouble`` where it still is so, and then
    raised as ``ConnectorError``.
    """
    with advisory_lock(f"platform-endpoint:{livemode}"):
        row, _ = PlatformEndpoint.objects.get_or_create(livemode=livemode)
        try:
            _bring_in_step(row)
        except ConnectorError as error:
            row.trouble = f"The webhook endpoint could not be checked. {error.user_message}"
            row.save(update_fields=["trouble"])
            raise
    return row


def repair_platform_endpoint(*, connection: Connection, actor: Actor) -> None:
    """What an admin asks for on a connection's page."""
    ensure_platform_endpoint(livemode=connection.livemode)
    summary = "Engage's webhook endpoint at Stripe checked and brought in step."
    audit.record(connection, actor=actor, action="endpoint_checked", summary=summary)


def find_drift(endpoint: dict[str, Any]) -> list[str]:
    """What is wrong with the endpoint as Stripe shows it, one sentence each; empty when it is as we made it."""
    drift = []
    if endpoint["status"] != "enabled":
        drift.append("It is disabled at Stripe.")
    missing = sorted(set(CONNECT_EVENTS) - set(endpoint["enabled_events"]))
    if missing:
        drift.append(f"It does not send {', '.join(missing)}.")
    extra = sorted(set(endpoint["enabled_events"]) - set(CONNECT_EVENTS))
    if extra:
        drift.append(f"It also sends {', '.join(extra)}.")
    if endpoint["api_version"] != API_VERSION:
        drift.append(f"It sends API version {endpoint['api_version']} instead of {API_VERSION}.")
    return drift


def _bring_in_step(row: PlatformEndpoint) -> None:
    stripe = StripeGateway.for_platform(get_platform(livemode=row.livemode))
    ours = _find_ours(stripe, row)
    known = [endpoint for endpoint in ours if endpoint["id"] == row.webhook_endpoint_id and row.webhook_secret]
    drift = find_drift(known[0]) if known else ["It does not exist."]
    if drift:
        row.trouble = " ".join(drift)
        row.save(update_fields=["trouble"])
        logger.info("Bringing the Connect webhook endpoint in step: %s", row.trouble)
    if not known or known[0]["api_version"] != API_VERSION:  # an endpoint's version cannot be changed
        _create(stripe, row)
        known = []
    elif drift:
        stripe.enable_webhook_endpoint(row.webhook_endpoint_id, events=CONNECT_EVENTS)
    for endpoint in ours:
        if endpoint not in known:
            stripe.delete_webhook_endpoint(endpoint["id"])
    if drift and row.checked_at:
        row.repaired, row.repaired_at = row.trouble, timezone.now()
    row.trouble, row.checked_at = "", timezone.now()
    row.save()


def _find_ours(stripe: StripeGateway, row: PlatformEndpoint) -> list[dict[str, Any]]:
    url, mark = platform_url(), str(row.install_id)
    return [
        endpoint
        for page in stripe.webhook_endpoints.pages()
        for endpoint in page.items
        if endpoint["url"] == url and endpoint["metadata"].get(_MARK) == mark
    ]


def _create(stripe: StripeGateway, row: PlatformEndpoint) -> None:
    created = stripe.create_webhook_endpoint(
        url=platform_url(), events=CONNECT_EVENTS, metadata={_MARK: str(row.install_id)}, connect=True
    )
    row.webhook_endpoint_id = created.data["id"]
    roll_secret(row, Secret(created.data["secret"]))
