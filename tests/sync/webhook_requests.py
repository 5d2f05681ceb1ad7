"""Requests as Stripe makes them: signed over the raw body."""

import json
import time
from collections.abc import Sequence
from typing import Any

from django.test import Client
from django.urls import reverse

from connector.models import Connection
from sync.signatures import _sign


def sign(body: bytes, *secrets: Any, at: float | None = None) -> str:
    timestamp = int(time.time() if at is None else at)
    signatures = [_sign(secret, f"{timestamp}.".encode() + body).decode() for secret in secrets]
    return ",".join([f"t={timestamp}", *(f"v1={signature}" for signature in signatures)])


def post(url: str, body: bytes, signature: str) -> Any:
    return Client().post(url, body, content_type="application/json", headers={"Stripe-Signature": signature})


def deliver(connection: Connection, *events: dict[str, Any]) -> Sequence[str]:
    """Deliver events to the connection's own address; what became of each."""
    url = reverse("stripe_sync:webhook_connection", kwargs={"connection_id": connection.id})
    outcomes = []
    for event in events:
        body = json.dumps(event).encode()
        outcomes.append(post(url, body, sign(body, connection.webhook_secret)).json()["outcome"])
    return outcomes
