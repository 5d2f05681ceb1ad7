"""From events to deliveries to webhook endpoints (https://docs.stripe.com/webhooks)."""

import json
import random
from collections.abc import Iterable, Sequence
from functools import partial

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.shapes import render
from engage_stripe.sandbox.state import Account, World
from engage_stripe.sandbox.webhooks.deliveries import Delivery, DeliveryLog, DeliveryState
from engage_stripe.sandbox.webhooks.disturbances import Disturbance, reordered
from engage_stripe.sandbox.webhooks.lanes import RETRY_DELAYS, Lanes
from engage_stripe.sandbox.webhooks.subscribers import subscribed_endpoints, version_of
from engage_stripe.sandbox.webhooks.version_changes import INCLUDED_LISTS
from engage_stripe.sandbox.webhooks.versions import render_event


class Dispatcher:
    """Turns events into deliveries, disturbs some of them, and remembers what became of all."""

    def __init__(self, world: World, *, retry_delays: Sequence[float] = RETRY_DELAYS) -> None:
        self.log = DeliveryLog()
        self.lanes = Lanes(world.clock, retry_delays)
        self.disturbances: list[Disturbance] = []
        self._random = random.Random(f"{world.seed}:webhooks")  # noqa: S311  repeatable with the seed

    def on_event(self, account: Account, event: Obj) -> None:
        """Start one delivery for every endpoint that wants the event. A listener of the World."""
        subscribed = list(subscribed_endpoints(account, event))
        event["pending_webhooks"] = len(subscribed)
        for owner, endpoint in subscribed:
            delivery = self._make_delivery(account, owner, endpoint, event)
            self.log.add(delivery)
            self._disturb_or_send(delivery)

    def _make_delivery(self, account: Account, owner: Account, endpoint: Obj, event: Obj) -> Delivery:
        rendered = render_event(event, version_of(endpoint), partial(_fetch, account))
        if owner is not account:
            rendered["account"] = account.id
        body = json.dumps(rendered, indent=2).encode()
        return Delivery(self.log.next_id(), owner, endpoint["id"], account, rendered, body)

    def _disturb_or_send(self, delivery: Delivery) -> None:
        rule = next((rule for rule in self.disturbances if rule.matches(delivery)), None)
        if rule is None:
            self.lanes.send(delivery)
            return
        rule.use()
        if rule.kind == "withhold":
            delivery.state = DeliveryState.WITHHELD
        elif rule.kind == "delay":
            self.lanes.send_after(rule.seconds, delivery)
        elif rule.kind == "duplicate":
            self._send_copies(delivery, rule.copies)
        else:
            self._collect(delivery, rule)

    def _send_copies(self, delivery: Delivery, copies: int) -> None:
        self.lanes.send(delivery)
        for _ in range(copies):
            self.resend(delivery)

    def _collect(self, delivery: Delivery, rule: Disturbance) -> None:
        delivery.state = DeliveryState.WITHHELD
        rule.collected.append(delivery)
        if rule.count == 0:
            self.release(reordered(rule.collected, self._random))

    def resend(self, delivery: Delivery) -> Delivery:
        """Send the same event to the same endpoint once more, as the Dashboard's Resend does."""
        again = Delivery(
            self.log.next_id(),
            delivery.owner,
            delivery.endpoint_id,
            delivery.account,
            delivery.event,
            delivery.body,
        )
        self.log.add(again)
        self.lanes.send(again)
        return again

    def release(self, deliveries: Iterable[Delivery]) -> None:
        """Send withheld deliveries now, in the given order."""
        for delivery in deliveries:
            if delivery.state is DeliveryState.WITHHELD:
                self.lanes.send(delivery)

    def withheld(self) -> list[Delivery]:
        """Return the withheld deliveries, oldest first."""
        return [delivery for delivery in self.log if delivery.state is DeliveryState.WITHHELD]


def _fetch(account: Account, object_type: str, object_id: str) -> Obj | None:
    """Return what an older version embeds; the coupon of a discount outlives its deletion there."""
    found = account.get(object_type, object_id)
    if found is None and object_type == "coupon":
        kept = (discount["_coupon"] for discount in account.collection("discount"))
        found = next((coupon for coupon in kept if coupon["id"] == object_id), None)
    if found is None:
        return None
    return {**render(account, found), **(_lists_of(account, found) if object_type == "customer" else {})}


def _lists_of(account: Account, customer: Obj) -> Obj:
    includable = account.world.shapes["customer"].includable
    wanted = {name: includable[name](account, customer) for name in INCLUDED_LISTS if name in includable}
    return {name: render(account, found) for name, found in wanted.items()}
