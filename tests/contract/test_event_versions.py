"""Events of one tour in eight API versions: the readers must say the same of all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sync.facts import CustomerFact, DiscountFact, Fact, PaymentMethodFact, SubscriptionFact
from sync.stripe_events import is_known, read_event
from tests.contract.scenario import Tour
from tests.sandbox.receiver import receiving
from tests.sandbox_process import Sandbox

PINNED = "2026-10-28.endive"
OLDER = (
    "2019-03-14",
    "2020-08-27",
    "2022-11-15",
    "2024-06-20",
    "2025-02-24.acacia",
    "2025-03-31.basil",
    "2025-09-30.clover",
    "2026-03-25.dahlia",
)
Events = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def deliveries(sandbox: Sandbox) -> dict[str, Events]:
    """What an endpoint of each version received while the tour went on, by version and event id."""
    account = sandbox.open_account()
    received: dict[str, Events] = {version: {} for version in (PINNED, *OLDER)}
    with receiving() as receiver:
        for version in received:
            account.client.v1.webhook_endpoints.create(
                {"url": receiver.url, "enabled_events": ["*"], "api_version": version}  # type: ignore[typeddict-item]
            )
        Tour(account.client).run()
        sandbox.admin("POST", "webhooks/drain")
        for request in receiver.received:
            received[request.event["api_version"]][request.event["id"]] = request.event
    return received


def facts_of(event: dict[str, Any]) -> list[Fact]:
    """What the event says of its own object; old versions embed other objects, which only says more."""
    own = event["data"]["object"].get("id")
    return [without_item_periods(fact) for fact in read_event(event).facts if id_of(fact) == own]


def id_of(fact: Fact) -> str | None:
    return getattr(fact, "stripe_id", None)


def without_item_periods(fact: Fact) -> Fact:
    """Before basil only the subscription had a period: what counts is that one."""
    if not isinstance(fact, SubscriptionFact):
        return fact
    periods = {"current_period_start": None, "current_period_end": None}
    return replace(fact, items=[{**item, **periods} for item in fact.items])


@pytest.mark.parametrize("version", OLDER)
def test_it_reads_an_older_event_like_the_pinned_one(deliveries: dict[str, Events], version: str) -> None:
    pinned, older = deliveries[PINNED], deliveries[version]
    assert older.keys() == pinned.keys()
    for event_id, event in pinned.items():
        if is_known(event["type"]):
            assert facts_of(older[event_id]) == facts_of(event), event["type"]


def test_it_reads_every_kind_of_fact(deliveries: dict[str, Events]) -> None:
    known = [event for event in deliveries[PINNED].values() if is_known(event["type"])]
    read = {type(fact) for event in known for fact in facts_of(event)}
    assert read >= {CustomerFact, SubscriptionFact, DiscountFact, PaymentMethodFact}
