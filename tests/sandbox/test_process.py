"""The sandbox as a process: command line, bulk data, snapshots, admin API."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.sandbox_process import Sandbox, StripeAccount


@contextmanager
def _started(*options: str) -> Iterator[Sandbox]:
    command = [sys.executable, "-m", "engage_stripe.sandbox", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None
        try:
            yield Sandbox(found[0])
        finally:
            process.terminate()


def test_it_explains_itself() -> None:
    command = [sys.executable, "-m", "engage_stripe.sandbox", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for explained in ("base_addresses", "--host", "--port", "--seed", "--snapshot", "--fault", "docs/sandbox.md"):
        assert explained in shown


def test_it_goes_on_from_a_snapshot(tmp_path: Path) -> None:
    file = tmp_path / "world.jsonl"
    with _started("--snapshot", str(file)) as sandbox:
        account = sandbox.open_account()
        customer = account.client.v1.customers.create({"name": "Ada", "payment_method": "pm_card_visa"})
        key = account.restricted_key(["rak_customer_read"])
        account.client.v1.customers.delete(account.client.v1.customers.create().id)
        events = [event.id for event in account.client.v1.events.list().data]
    with _started("--snapshot", str(file)) as sandbox:
        v1 = sandbox.client(account.secret_key).v1
        assert sandbox.client(key).v1.customers.retrieve(customer.id).name == "Ada"
        assert [event.id for event in v1.events.list().data] == events
        assert len(v1.customers.payment_methods.list(customer.id).data) == 1
        assert v1.customers.create().id not in {customer.id, *events}


def test_it_makes_the_same_ids_with_the_same_seed() -> None:
    ids = []
    for seed in ("1", "1", "2"):
        with _started("--seed", seed) as sandbox:
            ids.append(sandbox.client("sk_test_demo51Engage").v1.customers.create().id)
    assert ids[0] == ids[1] != ids[2]


def test_it_generates_a_population(stripe_account: StripeAccount) -> None:
    made = stripe_account.sandbox.admin("POST", "generate", account=stripe_account.id, subscriptions=300)[
        "statuses"
    ]
    v1 = stripe_account.client.v1
    listed = v1.subscriptions.list(
        {"status": "all", "limit": 100, "expand": ["data.customer", "data.default_payment_method"]}
    )
    found = Counter(subscription.status for subscription in listed.auto_paging_iter())
    assert found == made
    assert set(found) == {"active", "canceled", "trialing", "past_due"}
    assert len(list(v1.customers.list({"limit": 100}).auto_paging_iter())) == 300
    assert v1.events.list().data == []


def test_it_edits_what_the_api_cannot(stripe_account: StripeAccount) -> None:
    v1 = stripe_account.client.v1
    customer = v1.customers.create({"payment_method": "pm_card_visa"})
    card = v1.customers.payment_methods.list(customer.id).data[0]
    stripe_account.sandbox.admin(
        "POST",
        f"objects/{stripe_account.id}/payment_method/{card.id}",
        changes={"card": {"wallet": {"type": "apple_pay", "dynamic_last4": None}}},
        event="payment_method.automatically_updated",
    )
    changed = v1.payment_methods.retrieve(card.id).card
    assert changed is not None
    assert changed.wallet is not None
    assert changed.wallet.type == "apple_pay"
    event = v1.events.list({"type": "payment_method.automatically_updated"}).data[0]
    assert event.data.previous_attributes is not None
    assert event.data.previous_attributes.to_dict() == {"card": {"wallet": None}}


@pytest.mark.parametrize("end", ["revoke", "expire"])
def test_it_knows_only_its_own_keys(sandbox: Sandbox, end: str) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        sandbox.admin("POST", f"keys/rk_test_none/{end}")
