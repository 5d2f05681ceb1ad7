"""A pending update outlives the process: https://docs.stripe.com/billing/subscriptions/pending-updates."""

from __future__ import annotations

from pathlib import Path

from engage_stripe.sandbox.billing.collecting import confirm
from engage_stripe.sandbox.billing.draft import items_of
from engage_stripe.sandbox.billing.updates import update_subscription
from engage_stripe.sandbox.registry import SHAPES
from engage_stripe.sandbox.resources.cards_on_file import payment_method_of
from engage_stripe.sandbox.snapshots import load, save
from engage_stripe.sandbox.state import World
from tests.sandbox.test_billing_properties import Subscriber


def test_it_applies_a_pending_update_after_a_restart(tmp_path: Path) -> None:
    before = Subscriber()
    customer = before.account.find("customer", before.sub["customer"])
    card = payment_method_of(before.account, "pm_card_chargeCustomerFail", customer["id"], param="x")
    customer["invoice_settings"]["default_payment_method"] = card
    change = before.change(4, 1, "always_invoice") | {"payment_behavior": "pending_if_incomplete"}
    update_subscription(before.account, before.sub, change)
    save(before.world, tmp_path / "world.jsonl")

    world = World(shapes=SHAPES)
    load(world, tmp_path / "world.jsonl")
    account = world.account(before.account.id)
    sub = account.find("subscription", before.sub["id"])
    assert items_of(account, sub)[0]["price"] == before.prices[1]
    confirm(account, account.find("invoice", sub["_pending"]["invoice"]), world.clock.now(), succeeded=True)
    assert items_of(account, sub)[0]["price"] == before.prices[4]
