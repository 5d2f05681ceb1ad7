"""Sending events to webhook endpoints (https://docs.stripe.com/webhooks).

Each endpoint has a lane: a queue that sends one request after the other, so that without a
disturbance the order is the order of the events, and a slow endpoint holds up only itself.
"""

import asyncio
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import httpx

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.shapes import render
from engage_stripe.sandbox.state import Account, World
from engage_stripe.sandbox.version import API_VERSION
from engage_stripe.sandbox.webhooks.deliveries import Attempt, Delivery, DeliveryLog, DeliveryState
from engage_stripe.sandbox.webhooks.disturbances import Disturbance, reordered
from engage_stripe.sandbox.webhooks.signatures import signature_header
from engage_stripe.sandbox.webhooks.versions import event_type_in, render_event

# A test mode retries three times within a few hours (https://docs.stripe.com/webhooks#automatic-retries);
# Stripe does not say when.
RETRY_DELAYS = (60.0, 900.0, 7200.0)
TIMEOUT = httpx.Timeout(20.0)
HEADERS = {
    "Accept": "*/*; q=0.5, application/xml",
    "Cache-Control": "no-cache",
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
}


class Dispatcher:
    """Turns events into signed requests and remembers what became of them.

    `retry_delays` are the seconds before each retry; after the last one a delivery has failed.
    """

    def __init__(self, world: World, *, retry_delays: Sequence[float] = RETRY_DELAYS) -> None:
        self.log = DeliveryLog()
        self.disturbances: list[Disturbance] = []
        self._world = world
        self._retry_delays = retry_delays
        self._random = random.Random(f"{world.seed}:webhooks")  # noqa: S311  repeatable with the seed
        self._client = httpx.AsyncClient(timeout=TIMEOUT, headers=HEADERS, trust_env=False)
        self._lanes: dict[str, asyncio.Queue[Delivery]] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._timers: dict[Delivery, asyncio.TimerHandle] = {}
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    # --- from events to deliveries -------------------------------------------------------------

    def on_event(self, account: Account, event: Obj) -> None:
        """Start one delivery for every endpoint that wants the event. A listener of the World."""
        subscribed = list(_subscribed(account, event))
        event["pending_webhooks"] = len(subscribed)
        for owner, endpoint in subscribed:
            delivery = self._make_delivery(account, owner, endpoint, event)
            self.log.add(delivery)
            self._disturb_or_send(delivery)

    def _make_delivery(self, account: Account, owner: Account, endpoint: Obj, event: Obj) -> Delivery:
        rendered = render_event(event, _version_of(endpoint), partial(_fetch, account))
        if owner is not account:
            rendered["account"] = account.id
        body = json.dumps(rendered, indent=2).encode()
        return Delivery(self.log.next_id(), owner, endpoint["id"], account.id, rendered, body)

    def _disturb_or_send(self, delivery: Delivery) -> None:
        rule = next((rule for rule in self.disturbances if rule.matches(delivery)), None)
        if rule is None:
            self._send_soon(delivery)
            return
        rule.use()
        if rule.kind == "withhold":
            delivery.state = DeliveryState.WITHHELD
        elif rule.kind == "delay":
            self._send_after(rule.seconds, delivery)
        elif rule.kind == "duplicate":
            self._send_copies(delivery, rule.copies)
        else:
            self._collect(delivery, rule)

    def _send_copies(self, delivery: Delivery, copies: int) -> None:
        self._send_soon(delivery)
        for _ in range(copies):
            self.resend(delivery)

    def _collect(self, delivery: Delivery, rule: Disturbance) -> None:
        delivery.state = DeliveryState.WITHHELD
        rule.collected.append(delivery)
        if rule.count == 0:
            self.release(reordered(rule.collected, self._random))

    # --- what the admin API may ask ------------------------------------------------------------

    def resend(self, delivery: Delivery) -> Delivery:
        """Send the same event to the same endpoint once more, as the Dashboard's Resend does."""
        again = Delivery(
            self.log.next_id(),
            delivery.owner,
            delivery.endpoint_id,
            delivery.account_id,
            delivery.event,
            delivery.body,
        )
        self.log.add(again)
        self._send_soon(again)
        return again

    def release(self, deliveries: Iterable[Delivery]) -> None:
        """Send withheld deliveries now, in the given order."""
        for delivery in deliveries:
            if delivery.state is DeliveryState.WITHHELD:
                self._send_soon(delivery)

    def withheld(self) -> list[Delivery]:
        """Return the withheld deliveries, oldest first."""
        return [delivery for delivery in self.log if delivery.state is DeliveryState.WITHHELD]

    def hurry(self) -> None:
        """Send delayed deliveries and retries that wait for their time, now."""
        for delivery, timer in list(self._timers.items()):
            timer.cancel()
            self._send_soon(delivery)

    async def drain(self) -> None:
        """Wait until nothing is queued or on the wire. Withheld and scheduled deliveries stay."""
        await self._idle.wait()

    async def close(self) -> None:
        """Stop all lanes and timers."""
        for timer in self._timers.values():
            timer.cancel()
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        await self._client.aclose()

    # --- sending -------------------------------------------------------------------------------

    def _send_after(self, seconds: float, delivery: Delivery) -> None:
        delivery.state = DeliveryState.SCHEDULED
        loop = asyncio.get_running_loop()
        self._timers[delivery] = loop.call_later(seconds, self._send_soon, delivery)

    def _send_soon(self, delivery: Delivery) -> None:
        self._timers.pop(delivery, None)
        delivery.state = DeliveryState.QUEUED
        self._in_flight += 1
        self._idle.clear()
        self._lane(delivery.endpoint_id).put_nowait(delivery)

    def _lane(self, endpoint_id: str) -> asyncio.Queue[Delivery]:
        if endpoint_id not in self._lanes:
            lane = self._lanes[endpoint_id] = asyncio.Queue()
            self._workers.append(asyncio.create_task(self._work(lane)))
        return self._lanes[endpoint_id]

    async def _work(self, lane: asyncio.Queue[Delivery]) -> None:
        while True:
            delivery = await lane.get()
            await self._attempt(delivery)
            self._in_flight -= 1
            if self._in_flight == 0:
                self._idle.set()

    async def _attempt(self, delivery: Delivery) -> None:
        endpoint = delivery.owner.get("webhook_endpoint", delivery.endpoint_id)
        if endpoint is None or endpoint["status"] != "enabled":
            delivery.state = DeliveryState.ABANDONED
            return
        attempt = await self._post(endpoint, delivery)
        delivery.attempts.append(attempt)
        if attempt.status is not None and 200 <= attempt.status < 300:
            delivery.state = DeliveryState.DELIVERED
        elif len(delivery.attempts) <= len(self._retry_delays):
            self._send_after(self._retry_delays[len(delivery.attempts) - 1], delivery)
        else:
            delivery.state = DeliveryState.FAILED

    async def _post(self, endpoint: Obj, delivery: Delivery) -> Attempt:
        now = self._world.clock.now()
        signature = signature_header(
            payload=delivery.body,
            secrets=signing_secrets(endpoint, now),
            timestamp=now,
            livemode=endpoint["livemode"],
        )
        try:
            response = await self._client.post(
                endpoint["url"], content=delivery.body, headers={"Stripe-Signature": signature}
            )
        except httpx.HTTPError as error:
            return Attempt(now, None, type(error).__name__)
        return Attempt(now, response.status_code, None)


def signing_secrets(endpoint: Obj, now: int) -> list[str]:
    """Return the secrets that sign at `now`: the current one, and a rolled one until it expires."""
    former: dict[str, Any] | None = endpoint.get("previous_secret")
    current: str = endpoint["secret"]
    return [current, former["secret"]] if former and now < former["expires_at"] else [current]


def _fetch(account: Account, object_type: str, object_id: str) -> Obj | None:
    """Return what an older version embeds; the coupon of a discount outlives its deletion there."""
    found = account.get(object_type, object_id)
    if found is None and object_type == "coupon":
        kept = (discount["_coupon"] for discount in account.collection("discount"))
        found = next((coupon for coupon in kept if coupon["id"] == object_id), None)
    return None if found is None else render(account, found)


def _subscribed(account: Account, event: Obj) -> Iterator[tuple[Account, Obj]]:
    """Yield every endpoint that wants the event, with the account it belongs to.

    `account.application.…` is for the application only
    (https://docs.stripe.com/api/events/types#event_types-account.application.authorized).
    """
    if not event["type"].startswith("account.application."):
        for endpoint in account.collection("webhook_endpoint"):
            if not endpoint["connect"] and _wants(endpoint, event):
                yield account, endpoint
    for platform in _listening_platforms(account):
        for endpoint in platform.collection("webhook_endpoint"):
            if endpoint["connect"] and _wants(endpoint, event):
                yield platform, endpoint


def _listening_platforms(account: Account) -> Iterator[Account]:
    """Yield the platforms' accounts, in the mode whose Connect endpoints hear of `account`.

    Test events of an account that is connected in live mode only go to the live endpoints
    (https://docs.stripe.com/connect/webhooks).
    """
    world = account.world
    modes: dict[str, set[bool]] = {}
    for platform_id, connected_id, livemode in world.connections:
        if connected_id == account.id:
            modes.setdefault(platform_id, set()).add(livemode)
    for platform_id in sorted(modes):
        if account.livemode in modes[platform_id]:
            yield world.account(platform_id, livemode=account.livemode)
        elif not account.livemode:
            yield world.account(platform_id, livemode=True)


def _wants(endpoint: Obj, event: Obj) -> bool:
    wanted = endpoint["enabled_events"]
    if endpoint["status"] != "enabled":
        return False
    return "*" in wanted or event_type_in(_version_of(endpoint), event["type"]) in wanted


def _version_of(endpoint: Obj) -> str:
    return endpoint["api_version"] or API_VERSION
