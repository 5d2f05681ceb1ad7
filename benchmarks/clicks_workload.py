"""The App, its users and their clicks, once Django is set up; see ``clicks.py``."""

import json
import os
import statistics
import threading
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import stripe
from django.test import Client

from actions.configuration import replace_actions
from connector import stripe_gateway
from connector.crypto import Secret
from connector.models import Connection
from engage_stripe.standalone import services
from sync.catalogue import sync_catalogue
from sync.models import Identity

THREADS = 16


def prepare(base: str, users: int) -> tuple[str, str]:
    """An App whose prompt switches the plan of ``users`` users; its API credentials and the prompt."""
    account = httpx.post(f"{base}/_sandbox/accounts", json={}).json()
    merchant: Any = stripe.StripeClient(account["secret_key"], base_addresses={"api": base}).v1
    prices = []
    for name, amount in (("Basic", 1000), ("Pro", 2000)):
        product = merchant.products.create({"name": name})
        terms = {"currency": "usd", "unit_amount": amount, "recurring": {"interval": "month"}}
        prices.append(merchant.prices.create({"product": product.id, **terms}).id)
    app, api_key = services.create_app(company_name="Benchmark", name="Shop")
    prompt = services.create_prompt(app=app, key="upsell", name="Upsell").key
    connection = Connection.objects.create(
        app_id=app.id, method="api_key", livemode=False, status="active",
        stripe_account_id=account["account"], api_key=Secret(account["secret_key"]),
        permissions={"rak_subscription_write": {"state": "granted"}},
    )  # fmt: skip
    sync_catalogue(connection=connection)
    for number in range(users):
        customer = merchant.customers.create(
            {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
        )
        merchant.subscriptions.create({"customer": customer.id, "items": [{"price": prices[0]}]})
        Identity.objects.create(app_id=app.id, user_id=f"user-{number}", stripe_id=customer.id)
    action = {"action": "update_subscription", "parameters": {"price": prices[1]}}
    replace_actions(
        app_id=app.id, prompt_id=prompt, interaction="accept", actions=[action], changed_by="benchmark"
    )
    return b64encode(f"{app.id}:{api_key}".encode()).decode(), prompt


def measure(credentials: str, prompt: str, clicks: int, rate: int) -> None:
    at_stripe = threading.local()
    send = stripe_gateway._Transport.request  # noqa: SLF001

    def timed(*arguments: Any, **options: Any) -> Any:
        started = time.perf_counter()
        try:
            return send(*arguments, **options)
        finally:
            at_stripe.seconds += time.perf_counter() - started

    def click(number: int) -> tuple[float, float]:
        at_stripe.seconds = 0.0
        started = time.perf_counter()
        answer = Client().post(
            f"/api/v1/prompts/{prompt}/interactions/accept/execute/",
            json.dumps({"user_id": f"user-{number}"}),
            content_type="application/json",
            headers={"Authorization": f"Basic {credentials}"},
        )
        seconds = time.perf_counter() - started
        assert answer.json()["outcomes"][0]["status"] == "succeeded", answer.content
        return seconds, at_stripe.seconds

    stripe_gateway._Transport.request = timed  # type: ignore[method-assign]  # noqa: SLF001
    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        futures = []
        for number in range(clicks):
            time.sleep(max(started + number / rate - time.perf_counter(), 0))
            futures.append(pool.submit(click, number))
        times = [future.result() for future in futures]
    seconds = time.perf_counter() - started
    ours = statistics.quantiles([(total - stripe) * 1000 for total, stripe in times], n=100)
    theirs = statistics.quantiles([stripe * 1000 for _, stripe in times], n=100)
    print(f"{clicks / seconds:.0f} clicks a second on {os.cpu_count()} cores, {THREADS} threads")
    print(f"ours    p50 {ours[49]:6.1f} ms  p99 {ours[98]:6.1f} ms   (wanted: 10 and 30)")
    print(f"Stripe  p50 {theirs[49]:6.1f} ms  p99 {theirs[98]:6.1f} ms")
