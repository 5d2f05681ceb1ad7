"""Sending deliveries: one lane for each endpoint, timers for what has to wait.

A lane sends one request after the other, so that without a disturbance the order is the order of the
events, and a slow endpoint holds up only itself.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx

from engage_stripe.sandbox.clock import Clock
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.webhooks.deliveries import Attempt, Delivery, DeliveryState
from engage_stripe.sandbox.webhooks.signatures import signature_header

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


class Lanes:
    """Sends deliveries until they arrive; `retry_delays` are the seconds before each retry."""

    def __init__(self, clock: Clock, retry_delays: Sequence[float]) -> None:
        self._clock = clock
        self._retry_delays = retry_delays
        self._client = httpx.AsyncClient(timeout=TIMEOUT, headers=HEADERS, trust_env=False)
        self._lanes: dict[str, asyncio.Queue[Delivery]] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._timers: dict[Delivery, asyncio.TimerHandle] = {}
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def send(self, delivery: Delivery) -> None:
        """Queue a delivery in its endpoint's lane."""
        self._timers.pop(delivery, None)
        delivery.state = DeliveryState.QUEUED
        self._in_flight += 1
        self._idle.clear()
        self._lane(delivery.endpoint_id).put_nowait(delivery)

    def send_after(self, seconds: float, delivery: Delivery) -> None:
        """Queue a delivery later."""
        delivery.state = DeliveryState.SCHEDULED
        loop = asyncio.get_running_loop()
        self._timers[delivery] = loop.call_later(seconds, self.send, delivery)

    def hurry(self) -> None:
        """Send delayed deliveries and retries that wait for their time, now."""
        for delivery, timer in list(self._timers.items()):
            timer.cancel()
            self.send(delivery)

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
            delivery.arrived()
        elif len(delivery.attempts) <= len(self._retry_delays):
            self.send_after(self._retry_delays[len(delivery.attempts) - 1], delivery)
        else:
            delivery.state = DeliveryState.FAILED

    async def _post(self, endpoint: Obj, delivery: Delivery) -> Attempt:
        now = self._clock.sending_time()
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
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Attempt(now, None, type(error).__name__)
        return Attempt(now, response.status_code, None)


def signing_secrets(endpoint: Obj, now: int) -> list[str]:
    """Return the secrets that sign at `now`: the current one, and a rolled one until it expires."""
    former: dict[str, Any] | None = endpoint.get("previous_secret")
    current: str = endpoint["secret"]
    return [current, former["secret"]] if former and now < former["expires_at"] else [current]
