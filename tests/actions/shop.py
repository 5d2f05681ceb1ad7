"""An App with a prompt, connected to a Stripe account of its own that sells a few plans."""

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from django.test import Client

from actions.models import ActionConfig
from actions.parameters import clean_parameters
from actions.registry import get_action
from connector.crypto import Secret
from connector.models import Connection
from sync.models import Identity
from tests.factories import Tenant, make_app, make_connection, make_prompt
from tests.sandbox_process import StripeAccount

REQUIRED = (
    "rak_customer_read",
    "rak_customer_write",
    "rak_subscription_read",
    "rak_subscription_write",
    "rak_product_read",
    "rak_plan_read",
    "rak_coupon_read",
    "rak_promotion_code_read",
)
OPTIONAL = (
    "rak_invoice_read",
    "rak_invoice_write",
    "rak_subscription_schedule_write",
    "rak_payment_method_read",
    "rak_customer_portal_session_write",
    "rak_billing_meter_event_write",
    "rak_billing_meter_read",
    "rak_billing_clock_read",
)


@dataclass(frozen=True)
class Subscriber:
    """An end user with a Stripe customer and, mostly, a subscription."""

    user_id: str
    customer: str
    subscription: str = ""


@dataclass(frozen=True)
class Shop:
    tenant: Tenant
    connection: Connection
    account: StripeAccount
    prompt: str

    @property
    def stripe(self) -> Any:
        """The official SDK's client with the account's secret key."""
        return self.account.client.v1

    def price(self, name: str, amount: int = 2000, **fields: Any) -> str:
        """A new product with one price; a month and dollars unless ``fields`` say otherwise."""
        product = self.stripe.products.create({"name": name})
        terms = {"currency": "usd", "unit_amount": amount, "recurring": {"interval": "month"}}
        return str(self.stripe.prices.create({"product": product.id, **terms, **fields}).id)

    def coupon(self, **fields: Any) -> str:
        """20 % off once unless ``fields`` say otherwise."""
        return str(self.stripe.coupons.create({"percent_off": 20, "duration": "once", **fields}).id)

    def customer(self, *, card: str | None = "pm_card_visa", **fields: Any) -> Subscriber:
        """A user with a customer, who pays with that test card."""
        paying = {"payment_method": card, "invoice_settings": {"default_payment_method": card}} if card else {}
        customer = self.stripe.customers.create({**paying, **fields})
        user_id = f"user-{uuid.uuid4().hex[:8]}"
        Identity.objects.create(app_id=self.tenant.id, user_id=user_id, stripe_id=customer.id)
        return Subscriber(user_id, customer.id)

    def subscriber(
        self, price: str, *, card: str | None = "pm_card_visa", clock: str | None = None, **fields: Any
    ) -> Subscriber:
        """A user with a subscription to the price."""
        user = self.customer(card=card, **({"test_clock": clock} if clock else {}))
        items = fields.pop("items", [{"price": price}])
        subscription = self.stripe.subscriptions.create({"customer": user.customer, "items": items, **fields})
        return Subscriber(user.user_id, user.customer, subscription.id)

    def clock(self) -> str:
        """A test clock at the present time."""
        now = int(time.time())
        return str(self.stripe.test_helpers.test_clocks.create({"frozen_time": now}).id)

    def advance(self, user: Subscriber, *, days: int) -> None:
        """Let the user's test clock run."""
        clock = self.stripe.customers.retrieve(user.customer).test_clock
        now = self.stripe.test_helpers.test_clocks.retrieve(clock).frozen_time
        self.stripe.test_helpers.test_clocks.advance(clock, {"frozen_time": now + days * 86_400})

    def use_card(self, user: Subscriber, card: str) -> None:
        """Make another test card the customer's default."""
        method = self.stripe.payment_methods.attach(card, {"customer": user.customer})
        self.stripe.customers.update(user.customer, {"invoice_settings": {"default_payment_method": method.id}})

    def subscription(self, user: Subscriber) -> dict[str, Any]:
        """What Stripe says now."""
        found: dict[str, Any] = self.stripe.subscriptions.retrieve(
            user.subscription, {"expand": ["discounts"]}
        ).to_dict()
        return found

    def configure(self, *actions: dict[str, Any], interaction: str = "accept", status: int = 200) -> Any:
        """``PUT`` the interaction's actions."""
        answer = Client().put(
            f"/api/v1/prompts/{self.prompt}/interactions/{interaction}/actions/",
            json.dumps(list(actions)),
            content_type="application/json",
            headers=self.tenant.api_headers,
        )
        assert answer.status_code == status, answer.content
        return answer.json()

    def click(
        self, user: Subscriber, *, key: str | None = None, interaction: str = "accept", status: int = 200
    ) -> Any:
        """``POST`` the execution; the answer's JSON."""
        answer = Client().post(
            f"/api/v1/prompts/{self.prompt}/interactions/{interaction}/execute/",
            json.dumps({"user_id": user.user_id} | ({"idempotency_key": key} if key else {})),
            content_type="application/json",
            headers=self.tenant.api_headers,
        )
        assert answer.status_code == status, answer.content
        return answer.json()

    def outcome(self, user: Subscriber, action: str, *, target: list[str] | None = None, **parameters: Any) -> Any:
        """Have this one action, click, and give its outcome. What could not be configured now was possible once."""
        where = {"app_id": self.tenant.id, "prompt_id": self.prompt, "interaction": "accept"}
        ActionConfig.objects.filter(**where).delete()
        cleaned = clean_parameters(get_action(action).parameters, parameters)
        ActionConfig.objects.create(**where, position=0, action=action, parameters=cleaned, target=target)
        (outcome,) = self.click(user, key=uuid.uuid4().hex)["outcomes"]
        return outcome

    def changes(self) -> list[str]:
        """What actions sent to Stripe that is not a read, as ``POST /v1/…``, oldest first, refusals included."""
        return [
            f"{request['method']} {request['path']}"
            for request in self.account.requests()
            if request["method"] == "DELETE"
            or request["path"].endswith("/release")
            or str(request["idempotency_key"]).startswith("engage-")
        ]


def open_shop(account: StripeAccount, *, permissions: tuple[str, ...] = REQUIRED) -> Shop:
    """A shop whose restricted key has these permissions."""
    tenant = make_app()
    connection = make_connection(
        app_id=tenant.id,
        stripe_account_id=account.id,
        api_key=Secret(account.restricted_key(permissions)),
        permissions={name: {"state": "granted"} for name in permissions},
    )
    return Shop(tenant, connection, account, make_prompt(tenant))
