"""The webhook views: verify, insert or ignore, answer. Stripe asks for a fast 2xx: https://docs.stripe.com/webhooks

Nothing is parsed before it is verified and nothing unverified is stored. A stored event is applied by ``inbox.py``.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import DataError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from connector.crypto import Secret
from connector.stripe_json import decoded
from sync import events
from sync.facts import Json
from sync.json_fields import UnreadableError
from sync.metrics import WEBHOOKS
from sync.nudge import nudge
from sync.receivers import platform_secrets, receivers
from sync.signatures import SignatureError, verify
from sync.stripe_events import account_of, is_known

BODY_LIMIT = 1024 * 1024
"""Bytes. Stripe's events are a few kilobytes."""


class _RefusedError(Exception):
    def __init__(self, status: int, outcome: str) -> None:
        super().__init__(outcome)
        self.status = status
        self.outcome = outcome


def _answering(view: Callable[..., str]) -> Callable[..., HttpResponse]:
    """Turn what became of the event into an answer and count it."""

    @csrf_exempt
    @require_POST
    @transaction.non_atomic_requests
    def answer(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        status = 200
        try:
            outcome = view(request, **kwargs)
        except _RefusedError as refusal:
            status, outcome = refusal.status, refusal.outcome
        WEBHOOKS.labels(outcome).inc()
        return JsonResponse({"outcome": outcome}, status=status)

    return answer


@_answering
def webhook_connect(request: HttpRequest) -> str:
    """``POST /webhooks/stripe/connect/``: the platform's endpoint; every event names its account."""
    body = _read_body(request)
    _check(request, body, platform_secrets.get, platform_secrets.read_again)
    event = _parse(body)
    account = account_of(event)
    if not isinstance(account, str):
        return "foreign_account"
    return _store(event, body, partial(events.store_for_account, account))


@_answering
def webhook_connection(request: HttpRequest, *, connection_id: UUID) -> str:
    """``POST /webhooks/stripe/{connection_id}/``: the merchant's own endpoint, in whatever API version it has."""
    receiver = receivers.get(connection_id)
    if receiver is None:
        raise _RefusedError(404, "unknown_connection")
    body = _read_body(request)
    _check(
        request,
        body,
        lambda: receiver.secrets,
        lambda: getattr(receivers.read_again(connection_id), "secrets", ()),
    )
    event = _parse(body)
    account = account_of(event) or receiver.stripe_account_id
    if receiver.stripe_account_id and account != receiver.stripe_account_id:
        return "foreign_account"
    if event.get("livemode") is not receiver.livemode:
        return "wrong_mode"
    if not receiver.accepts:
        return "inactive_connection"
    return _store(event, body, partial(events.store, [connection_id]))


def _read_body(request: HttpRequest) -> bytes:
    declared = request.META.get("CONTENT_LENGTH") or "0"
    too_large = declared.isdecimal() and int(declared[:20]) > BODY_LIMIT
    body = b"" if too_large else request.read(BODY_LIMIT + 1)
    if too_large or len(body) > BODY_LIMIT:
        raise _RefusedError(413, "too_large")
    return body


def _check(
    request: HttpRequest,
    body: bytes,
    remembered: Callable[[], Sequence[Secret] | None],
    current: Callable[[], Sequence[Secret] | None],
) -> None:
    """Verify with the secrets we remember; before refusing, with those that are current."""
    header = request.headers.get("Stripe-Signature", "")
    try:
        verify(body=body, header=header, secrets=remembered() or (), now=time.time())
    except SignatureError:
        try:
            verify(body=body, header=header, secrets=current() or (), now=time.time())
        except SignatureError as error:
            raise _RefusedError(400, f"{error.reason}_signature") from None


def _parse(body: bytes) -> Json:
    event = decoded(body)
    if event is None:
        raise _RefusedError(400, "malformed")
    return event


def _store(event: Json, body: bytes, store: Callable[[events.Fields, str], events.Outcome]) -> str:
    try:
        fields = events.envelope(event)
        if not is_known(fields.type):
            return "unknown_type"
        outcome = store(fields, body.decode())
    except (UnreadableError, UnicodeDecodeError, DataError):
        raise _RefusedError(400, "malformed") from None
    if outcome == "stored":
        transaction.on_commit(nudge)
    return outcome
