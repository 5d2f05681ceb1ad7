"""Webhook endpoints at Stripe that we create: one per API-key connection that may, marked with its id."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from connector import audit
from connector.audit import Actor
from connector.configuration import public_address
from connector.crypto import Secret
from connector.errors import StripeError
from connector.models import Connection, WebhookReceiver
from connector.stripe_gateway import StripeGateway
from connector.webhook_events import ACCOUNT_EVENTS

_MARK = "engage_connection"
_OVERLAP = timedelta(
    hours=24
)  # as long as Stripe signs with both: https://docs.stripe.com/webhooks#roll-endpoint-secrets


def connection_url(connection: Connection) -> str:
    """Where Stripe delivers the events of an API-key connection."""
    path = reverse("stripe_sync:webhook_connection", kwargs={"connection_id": connection.pk})
    return public_address(path)


def create_own_endpoint(*, connection: Connection, actor: Actor) -> None:
    """Create the connection's endpoint at Stripe, in place of one we made before. Needs ``rak_webhook_write``."""
    stripe = StripeGateway(connection, priority="click")
    former = _own_endpoints(stripe, connection)
    created = stripe.create_webhook_endpoint(
        url=connection_url(connection), events=ACCOUNT_EVENTS, metadata={_MARK: str(connection.pk)}
    )
    connection.webhook_endpoint_id = created.data["id"]
    roll_secret(connection, Secret(created.data["secret"]))
    for endpoint in former:
        stripe.delete_webhook_endpoint(endpoint["id"])
    summary = f"Webhook endpoint {connection.webhook_endpoint_id} created."
    audit.record(connection, actor=actor, action="endpoint_created", summary=summary)


def delete_own_endpoint(connection: Connection) -> tuple[str, ...]:
    """Remove what we created. Answers what is left for a person to do, where Stripe did not let us."""
    if not connection.webhook_endpoint_id:
        return ()
    stripe = StripeGateway(connection, priority="click")
    try:
        for endpoint in _own_endpoints(stripe, connection):
            stripe.delete_webhook_endpoint(endpoint["id"])
    except StripeError as failure:
        return (f"Delete the webhook endpoint {connection.webhook_endpoint_id} in Stripe: {failure.user_message}",)
    return ()


def roll_secret(receiver: WebhookReceiver, secret: Secret) -> None:
    """Put a new signing secret in force, accept the former one for a day more, and save the endpoint's fields."""
    receiver.previous_webhook_secret = receiver.webhook_secret
    receiver.previous_webhook_secret_expires_at = timezone.now() + _OVERLAP
    receiver.webhook_secret = secret
    receiver.save(update_fields=[field.name for field in WebhookReceiver._meta.local_fields])


def _own_endpoints(stripe: StripeGateway, connection: Connection) -> list[dict[str, Any]]:
    """Endpoints with our mark and our address: nothing else is ever deleted."""
    url, mark = connection_url(connection), str(connection.pk)
    return [
        endpoint
        for page in stripe.webhook_endpoints.pages()
        for endpoint in page.items
        if endpoint["url"] == url and endpoint["metadata"].get(_MARK) == mark
    ]
