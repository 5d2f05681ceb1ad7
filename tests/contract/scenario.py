"""A tour through every route that the sandbox serves, with the official SDK."""

from __future__ import annotations

from typing import Any

import stripe

START = 1_767_225_600  # 2026-01-01T00:00:00Z
DAY = 86_400


class Tour:
    """Calls every route at least once; `v1` is the SDK, untyped because a tour is data, not a client."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self.v1: Any = client.v1

    def run(self) -> None:
        """Visit everything."""
        self.visit_account()
        self.visit_catalogue()
        self.visit_customers()
        self.visit_cards()
        self.visit_subscriptions()
        self.visit_pauses()
        self.visit_items()
        self.visit_discounts()
        self.visit_schedules()
        self.visit_invoices()
        self.visit_meters()
        self.visit_webhook_endpoints()
        self.visit_portal()
        self.visit_ends()
        self.visit_events()

    def visit_account(self) -> None:
        own = self.v1.accounts.retrieve_current()
        self.v1.accounts.retrieve(own.id)

    def visit_catalogue(self) -> None:
        v1 = self.v1
        self.product = v1.products.create({"name": "Gold", "metadata": {"tier": "1"}}).id
        v1.products.retrieve(self.product)
        v1.products.update(self.product, {"description": "All of it"})
        v1.products.list()
        self.monthly = self.price(1000)
        self.premium = self.price(2000)
        self.yearly = self.price(10_000, interval="year")
        tiers = [{"up_to": 10, "unit_amount": 500}, {"up_to": "inf", "unit_amount": 400}]
        tiered = v1.prices.create(
            {
                "product": self.product,
                "currency": "usd",
                "recurring": {"interval": "month"},
                "billing_scheme": "tiered",
                "tiers_mode": "graduated",
                "tiers": tiers,
            }
        )
        v1.prices.retrieve(tiered.id, {"expand": ["tiers", "product"]})
        v1.prices.update(tiered.id, {"nickname": "Tiered"})
        v1.prices.list({"limit": 2, "expand": ["data.currency_options"]})
        self.coupon = v1.coupons.create({"percent_off": 25, "duration": "forever", "name": "Winter"}).id
        v1.coupons.create({"amount_off": 300, "currency": "usd", "duration": "once"})
        v1.coupons.retrieve(self.coupon, {"expand": ["applies_to"]})
        v1.coupons.update(self.coupon, {"name": "Spring"})
        v1.coupons.list()
        code = v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": self.coupon}})
        self.promotion_code = code.id
        v1.promotion_codes.retrieve(code.id, {"expand": ["promotion.coupon"]})
        v1.promotion_codes.update(code.id, {"metadata": {"a": "b"}})
        v1.promotion_codes.list()
        unused = v1.products.create({"name": "Unused"})
        v1.products.delete(unused.id)
        v1.coupons.delete(v1.coupons.create({"percent_off": 5, "duration": "once"}).id)

    def price(self, amount: int, *, interval: str = "month") -> str:
        params = {
            "product": self.product,
            "currency": "usd",
            "unit_amount": amount,
            "recurring": {"interval": interval},
        }
        return str(self.v1.prices.create(params).id)

    def visit_customers(self) -> None:
        v1 = self.v1
        clocks = v1.test_helpers.test_clocks
        self.clock = clocks.create({"frozen_time": START, "name": "Tour"}).id
        clocks.retrieve(self.clock)
        clocks.list()
        self.customer = v1.customers.create(
            {"email": "ada@example.com", "name": "Ada", "test_clock": self.clock}
        ).id
        v1.customers.update(self.customer, {"metadata": {"plan": "gold"}, "balance": -100})
        v1.customers.retrieve(self.customer, {"expand": ["sources", "subscriptions", "test_clock"]})
        v1.customers.list({"email": "ada@example.com"})

    def visit_cards(self) -> None:
        v1 = self.v1
        methods = v1.payment_methods
        self.card = methods.attach("pm_card_visa", {"customer": self.customer}).id
        v1.customers.update(self.customer, {"invoice_settings": {"default_payment_method": self.card}})
        methods.retrieve(self.card)
        methods.update(self.card, {"card": {"exp_year": 2035}})
        methods.list({"customer": self.customer})
        v1.customers.payment_methods.list(self.customer)
        v1.customers.payment_methods.retrieve(self.customer, self.card)
        loose = methods.create({"type": "card", "card": {"token": "tok_mastercard"}})
        methods.attach(loose.id, {"customer": self.customer})
        methods.detach(loose.id)
        who: Any = {"name": "Ada", "email": "ada@example.com"}
        bank: Any = {
            "account_holder_type": "company",
            "account_number": "000123456789",
            "routing_number": "110000000",
        }
        methods.create({"type": "us_bank_account", "us_bank_account": bank, "billing_details": who})
        iban = "DE89370400440532013000"
        methods.create({"type": "sepa_debit", "sepa_debit": {"iban": iban}, "billing_details": who})
        methods.create({"type": "link", "billing_details": who})
        sources = v1.customers.payment_sources
        source = sources.create(self.customer, {"source": "tok_visa"})
        sources.retrieve(self.customer, source.id)
        sources.update(self.customer, source.id, {"name": "Ada Lovelace"})
        sources.list(self.customer)
        sources.delete(self.customer, source.id)

    def subscribe(self, **more: Any) -> Any:
        params = {"customer": self.customer, "items": [{"price": self.monthly}], **more}
        return self.v1.subscriptions.create(params)

    def visit_subscriptions(self) -> None:
        subs = self.v1.subscriptions
        self.sub = self.subscribe(discounts=[{"coupon": self.coupon}], metadata={"a": "b"}).id
        subs.retrieve(
            self.sub,
            {
                "expand": [
                    "customer",
                    "discounts.source.coupon",
                    "latest_invoice.customer",
                    "items.data.price.product",
                ]
            },
        )
        item = subs.retrieve(self.sub)["items"].data[0].id
        subs.update(self.sub, {"items": [{"id": item, "price": self.premium, "quantity": 2}]})
        subs.update(self.sub, {"cancel_at_period_end": True})
        subs.update(self.sub, {"cancel_at_period_end": False})
        subs.update(self.sub, {"pause_collection": {"behavior": "void"}})
        subs.update(self.sub, {"pause_collection": ""})
        subs.list({"status": "all", "limit": 1})
        self.subscribe(trial_period_days=7)
        self.v1.test_helpers.test_clocks.advance(self.clock, {"frozen_time": START + 40 * DAY})

    def visit_pauses(self) -> None:
        paused = self.subscribe(billing_mode={"type": "flexible"}).id
        self.v1.subscriptions.pause(paused, {"type": "subscription"})
        self.v1.subscriptions.resume(paused, {"billing_cycle_anchor": {"type": "now"}})

    def visit_items(self) -> None:
        items = self.v1.subscription_items
        sub = self.subscribe().id
        added = items.create({"subscription": sub, "price": self.premium}).id
        items.retrieve(added)
        items.update(added, {"quantity": 3})
        items.list({"subscription": sub})
        items.delete(added)

    def visit_discounts(self) -> None:
        sub = self.subscribe(discounts=[{"promotion_code": self.promotion_code}]).id
        self.v1.subscriptions.delete_discount(sub)

    def visit_schedules(self) -> None:
        schedules = self.v1.subscription_schedules
        sub = self.subscribe()
        schedule = schedules.create({"from_subscription": sub.id})
        phase = schedule.phases[0]
        now_phase = {
            "start_date": phase.start_date,
            "end_date": phase.end_date,
            "items": [{"price": self.monthly, "quantity": 1}],
        }
        then = {"items": [{"price": self.premium}], "duration": {"interval": "month", "interval_count": 1}}
        schedules.update(schedule.id, {"phases": [now_phase, then], "end_behavior": "release"})
        schedules.retrieve(schedule.id, {"expand": ["subscription", "phases.items.price"]})
        schedules.list({"customer": self.customer})
        schedules.release(schedule.id)
        again = schedules.create({"from_subscription": sub.id})
        schedules.cancel(again.id)

    def visit_invoices(self) -> None:
        invoices = self.v1.invoices
        sub = self.v1.subscriptions.retrieve(self.sub)
        invoices.retrieve(sub.latest_invoice, {"expand": ["customer", "lines.data.discounts"]})
        invoices.line_items.list(sub.latest_invoice)
        invoices.list({"customer": self.customer, "limit": 3})
        item = sub["items"].data[0].id
        changed = {"items": [{"id": item, "price": self.yearly}], "proration_behavior": "always_invoice"}
        invoices.create_preview({"subscription": self.sub, "subscription_details": changed})
        debtor = self.v1.customers.create({"email": "debtor@example.com"}).id
        by_hand = {"customer": debtor, "collection_method": "send_invoice", "days_until_due": 30}
        owed = [self.subscribe(**by_hand).latest_invoice for _ in range(3)]
        for invoice in owed:
            invoices.finalize_invoice(invoice)
        invoices.pay(owed[0], {"paid_out_of_band": True})
        invoices.void_invoice(owed[1])
        invoices.mark_uncollectible(owed[2])

    def visit_meters(self) -> None:
        meters = self.v1.billing.meters
        meter = meters.create(
            {
                "display_name": "Calls",
                "event_name": "calls",
                "default_aggregation": {"formula": "sum"},
            }
        ).id
        meters.retrieve(meter)
        meters.update(meter, {"display_name": "API calls"})
        meters.list()
        usage = {"stripe_customer_id": self.customer, "value": "3"}
        self.v1.billing.meter_events.create({"event_name": "calls", "payload": usage})
        window = {"customer": self.customer, "start_time": START, "end_time": START + 60 * DAY}
        meters.event_summaries.list(meter, window)
        meters.deactivate(meter)
        meters.reactivate(meter)

    def visit_webhook_endpoints(self) -> None:
        endpoints = self.v1.webhook_endpoints
        endpoint = endpoints.create({"url": "http://127.0.0.1:9/hooks", "enabled_events": ["coupon.created"]})
        endpoints.retrieve(endpoint.id)
        endpoints.update(endpoint.id, {"disabled": True})
        endpoints.list()
        endpoints.delete(endpoint.id)

    def visit_portal(self) -> None:
        self.v1.billing_portal.sessions.create(
            {"customer": self.customer, "flow_data": {"type": "payment_method_update"}}
        )

    def visit_ends(self) -> None:
        v1 = self.v1
        v1.subscriptions.cancel(self.sub, {"cancellation_details": {"feedback": "unused"}})
        v1.customers.delete(self.customer)
        v1.customers.retrieve(self.customer)
        v1.test_helpers.test_clocks.delete(self.clock)

    def visit_events(self) -> None:
        newest = self.v1.events.list({"limit": 100})
        self.v1.events.retrieve(newest.data[0].id)
