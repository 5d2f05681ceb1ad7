"""Everything the sandbox returns, against Stripe's own description of its answers."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from engage_stripe.sandbox.registry import ROUTES
from engage_stripe.sandbox.routing import Router
from tests.contract.known_differences import FIELDS, Field
from tests.contract.openapi import VERSION, answer_errors, described_schemas, hash_at, object_errors
from tests.contract.recording import Everything, Exchange, RecordingClient
from tests.contract.scenario import Tour
from tests.contract.sdk_classes import class_errors
from tests.sandbox_process import Sandbox

UNREACHED = {
    # A customer's discount can only be what an old API version left behind.
    "DELETE /v1/customers/{customer}/discount",
}


@pytest.fixture(scope="module")
def exchanges(sandbox: Sandbox) -> list[Exchange]:
    recorder = Everything()
    key = sandbox.open_account().secret_key
    Tour(sandbox.client(key, http_client=RecordingClient(recorder))).run()
    return recorder.exchanges


def objects_in(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The object of an answer, or those of a list."""
    return body["data"] if body.get("object") == "list" else [body]


def test_it_answers_as_stripe_describes(exchanges: list[Exchange]) -> None:
    wrong: Counter[str] = Counter()
    for exchange in exchanges:
        for error in answer_errors(exchange.method, exchange.path, exchange.status, exchange.body):
            wrong[f"{exchange.method} {exchange.path}: {error}"] += 1
    assert not wrong, "\n".join(wrong)


def test_it_answers_as_the_pinned_sdk_expects(exchanges: list[Exchange]) -> None:
    found = (obj for exchange in exchanges for obj in objects_in(exchange.body))
    wrong = {error for obj in found for error in class_errors(obj)}
    assert not wrong, "\n".join(sorted(wrong))


def test_it_puts_objects_as_described_into_events(exchanges: list[Exchange]) -> None:
    listed = [exchange.body for exchange in exchanges if exchange.path == "/v1/events"]
    events: list[dict[str, Any]] = [event for page in listed for event in page["data"]]
    wrong = {f"{event['type']}: {error}" for event in events for error in object_errors(event["data"]["object"])}
    assert len(events) == 100
    assert not wrong, "\n".join(sorted(wrong))


def test_it_tours_every_route(exchanges: list[Exchange]) -> None:
    router = Router(ROUTES)
    visited = {router.match(exchange.method, exchange.path)[0].name for exchange in exchanges}
    assert {route.name for route in ROUTES} - visited == UNREACHED


@pytest.mark.parametrize("difference", FIELDS, ids=lambda each: f"{each.schema}.{each.path}")
def test_it_needs_each_known_difference(difference: Field) -> None:
    assert difference.path.split(".")[-1] not in hash_at(described_schemas()[difference.schema], difference.path)
    assert difference.source.startswith("https://docs.stripe.com/")


def test_it_knows_how_old_the_description_is() -> None:
    assert VERSION == "2026-05-27.dahlia"
