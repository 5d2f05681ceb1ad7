"""Reading the truth from Stripe."""

from typing import Any

import pytest
from django.utils import timezone

from connector.crypto import Secret
from connector.models import Connection
from sync import refresh, refresh_worker
from sync.facts import OWNED, Doubt
from sync.models import Identity, PaymentMethod, RefreshRequest, Subscription, UserTraits
from sync.observations import apply_objects
from sync.refresh import refresh_customer
from sync.refresh_queue import RENAMED_RANK, ask, request_refresh
from sync.refresh_worker import work_off
from tests.sandbox_process import StripeAccount
from tests.sync.conftest import SEED_PERMISSIONS, let_time_pass

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(stripe_account: StripeAccount) -> dict[str, Any]:
    """A customer with a card, a discounted subscription and a canceled one."""
    stripe = stripe_account.client.v1
    product = stripe.products.create({"name": "Basic"})
    price = stripe.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 900, "recurring": {"interval": "month"}}
    )
    stripe.coupons.create({"id": "SAVE20", "name": "20% off", "percent_off": 20, "duration": "forever"})
    customer = stripe.customers.create({"email": "ada@example.com"})
    card = stripe.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    stripe.customers.update(customer.id, {"invoice_settings": {"default_payment_method": card.id}})
    old = stripe.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
    stripe.subscriptions.cancel(old.id)
    subscription = stripe.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price.id}], "discounts": [{"coupon": "SAVE20"}]}
    )
    let_time_pass(stripe_account.sandbox, 10)
    return {
        "customer": customer.id,
        "subscription": subscription.id,
        "product": product.id,
        "payment_method": card.id,
        "invoice": subscription.latest_invoice,
    }


@pytest.fixture
def ada(connection: Connection, shop: dict[str, Any]) -> dict[str, Any]:
    Identity.objects.create(app_id=connection.app_id, user_id="ada", stripe_id=shop["customer"])
    return shop


def traits_of(connection: Connection) -> UserTraits:
    return UserTraits.objects.get(app_id=connection.app_id, user_id="ada")


def work_off_everything(connection: Connection) -> None:
    """As the worker does, without waiting until each request is due."""
    for _ in range(4):
        RefreshRequest.objects.filter(connection=connection).update(not_before="2020-01-01T00:00Z")
        work_off()


def test_it_reads_everything_that_the_key_may_read(connection: Connection, ada: dict[str, Any]) -> None:
    """The seed's key: no card, and no error either."""
    refresh_customer(connection=connection, customer_id=ada["customer"])
    work_off_everything(connection)
    traits = traits_of(connection)
    assert (traits.subscription_status, traits.subscription_plan) == ("active", "Basic")
    assert (traits.coupon, traits.payment_card_brand) == ("20% off", None)
    assert Subscription.objects.filter(connection=connection).count() == 2
    assert not RefreshRequest.objects.filter(connection=connection).exists()


def test_it_reads_cards_with_the_permission(
    connection: Connection, ada: dict[str, Any], stripe_account: StripeAccount
) -> None:
    connection.api_key = Secret(stripe_account.restricted_key([*SEED_PERMISSIONS, "rak_payment_method_read"]))
    connection.permissions = {"rak_payment_method_read": {"state": "granted", "message": ""}}
    connection.save()
    refresh_customer(connection=connection, customer_id=ada["customer"])
    traits = traits_of(connection)
    assert (traits.payment_card_brand, traits.payment_card_country) == ("visa", "US")


def test_it_shows_no_card_of_somebody_who_pays_by_debit(
    connection: Connection, ada: dict[str, Any], stripe_account: StripeAccount
) -> None:
    stripe = stripe_account.client.v1
    debit = stripe.payment_methods.create(
        {
            "type": "sepa_debit",
            "sepa_debit": {"iban": "DE89370400440532013000"},
            "billing_details": {"name": "Ada Lovelace", "email": "ada@example.com"},
        }
    )
    stripe.payment_methods.attach(debit.id, {"customer": ada["customer"]})
    stripe.customers.update(ada["customer"], {"invoice_settings": {"default_payment_method": debit.id}})
    let_time_pass(stripe_account.sandbox, 10)
    connection.api_key = Secret(stripe_account.restricted_key([*SEED_PERMISSIONS, "rak_payment_method_read"]))
    connection.permissions = {"rak_payment_method_read": {"state": "granted", "message": ""}}
    connection.save()
    refresh_customer(connection=connection, customer_id=ada["customer"])
    assert PaymentMethod.objects.get(connection=connection, stripe_id=debit.id).type == "sepa_debit"
    traits = traits_of(connection)
    assert (traits.subscription_status, traits.payment_card_brand) == ("active", None)


@pytest.mark.parametrize("permissions", [{}, {"rak_payment_method_read": {"state": "granted", "message": ""}}])
def test_it_follows_a_deleted_customer(
    connection: Connection, ada: dict[str, Any], stripe_account: StripeAccount, permissions: dict[str, Any]
) -> None:
    connection.api_key = Secret(stripe_account.restricted_key([*SEED_PERMISSIONS, "rak_payment_method_read"]))
    connection.permissions = permissions
    connection.save()
    refresh_customer(connection=connection, customer_id=ada["customer"])
    stripe_account.client.v1.customers.delete(ada["customer"])
    let_time_pass(stripe_account.sandbox, 10)
    refresh_customer(connection=connection, customer_id=ada["customer"])
    traits = traits_of(connection)
    assert traits.subscription_status == "canceled"
    assert traits.canceled_at is not None


def test_it_buries_a_customer_that_stripe_does_not_know(connection: Connection) -> None:
    request_refresh(connection_id=connection.id, stripe_id="cus_nobody", reason="test")
    work_off_everything(connection)
    assert not RefreshRequest.objects.filter(connection=connection).exists()


def test_it_keeps_asking_until_the_answer_is_late_enough(connection: Connection, ada: dict[str, Any]) -> None:
    far = 2 * 4_000_000_000
    for reason in ("first", "second"):
        request_refresh(connection_id=connection.id, stripe_id=ada["customer"], reason=reason, min_rank=far)
    work_off_everything(connection)
    request = RefreshRequest.objects.get(connection=connection, object_type="customer")
    assert (request.min_rank, request.attempts, request.error) == (far, 4, "")
    assert traits_of(connection).subscription_status == "active"


def test_it_keeps_what_stripe_refused_with_the_reason(
    connection: Connection, ada: dict[str, Any], stripe_account: StripeAccount
) -> None:
    connection.api_key = Secret(stripe_account.restricted_key(["rak_product_read"]))
    connection.save()
    request_refresh(connection_id=connection.id, stripe_id=ada["customer"], reason="test")
    work_off_everything(connection)
    assert RefreshRequest.objects.get(connection=connection).error


def test_it_shows_a_product_s_new_name(
    connection: Connection, ada: dict[str, Any], stripe_account: StripeAccount
) -> None:
    refresh_customer(connection=connection, customer_id=ada["customer"])
    work_off_everything(connection)
    stripe_account.client.v1.products.update(ada["product"], {"name": "Standard"})
    let_time_pass(stripe_account.sandbox, 10)
    request_refresh(connection_id=connection.id, object_type="product", stripe_id=ada["product"], reason="test")
    work_off_everything(connection)
    traits = traits_of(connection)
    assert traits.subscription_plan == "Standard"
    assert traits.source_of("subscription_plan")["product"] == ada["product"]


@pytest.mark.parametrize(("module", "min_rank"), [(refresh_worker, RENAMED_RANK), (refresh, 1)])
def test_it_keeps_what_is_asked_for_while_it_is_being_done(
    connection: Connection, ada: dict[str, Any], monkeypatch: pytest.MonkeyPatch, module: Any, min_rank: int
) -> None:
    """A plan gets yet another name just after its users were projected."""
    refresh_customer(connection=connection, customer_id=ada["customer"])
    work_off_everything(connection)
    product, project = ada["product"], module.project_renamed

    def renamed_again(**arguments: Any) -> Any:
        changes = project(**arguments)
        named = {"id": product, "object": "product", "name": "Gold"}
        apply_objects(connection=connection, objects=[named], rank=2**40 + 1, source={})
        return changes

    key = (connection.id, Doubt("product", product, "renamed"))
    ask({key: min_rank})
    RefreshRequest.objects.update(not_before="2020-01-01T00:00Z")
    monkeypatch.setattr(module, "project_renamed", renamed_again)
    work_off()
    monkeypatch.undo()
    work_off_everything(connection)
    assert traits_of(connection).subscription_plan == "Gold"


def test_it_goes_on_when_what_stripe_answered_cannot_be_taken_in(
    connection: Connection, ada: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug of ours in one object must not hold up the others of the same lease."""

    def break_on_one(*, stripe_id: str, **rest: Any) -> Any:
        if stripe_id == "cus_poison":
            raise ValueError("poison")
        return refresh.refresh_object(stripe_id=stripe_id, **rest)

    monkeypatch.setattr(refresh_worker, "refresh_object", break_on_one)
    for customer in ("cus_poison", ada["customer"]):
        request_refresh(connection_id=connection.id, stripe_id=customer, reason="test")
    RefreshRequest.objects.filter(stripe_id="cus_poison").update(not_before="2020-01-01T00:00Z")
    RefreshRequest.objects.exclude(stripe_id="cus_poison").update(not_before="2020-01-02T00:00Z")

    work_off()

    (left,) = RefreshRequest.objects.filter(object_type="customer")  # names are asked for besides
    assert left.stripe_id == "cus_poison"
    assert left.error.startswith("ValueError")


def allow(connection: Connection, account: StripeAccount, *permissions: str) -> None:
    connection.api_key = Secret(account.restricted_key([*SEED_PERMISSIONS, *permissions]))
    connection.permissions = {name: {"state": "granted", "message": ""} for name in permissions}
    connection.save()


@pytest.mark.parametrize("object_type", OWNED)
def test_it_reads_the_customer_whose_object_a_thin_event_names(
    connection: Connection, ada: dict[str, Any], stripe_account: StripeAccount, object_type: str
) -> None:
    allow(connection, stripe_account, "rak_payment_method_read", "rak_invoice_read")
    request_refresh(
        connection_id=connection.id, object_type=object_type, stripe_id=ada[object_type], reason="thin event"
    )
    work_off_everything(connection)
    traits = traits_of(connection)
    assert (traits.subscription_status, traits.payment_card_brand) == ("active", "visa")
    assert not RefreshRequest.objects.filter(connection=connection).exists()


def test_it_reads_the_customer_from_whom_a_payment_method_was_detached(
    connection: Connection, ada: dict[str, Any], stripe_account: StripeAccount
) -> None:
    allow(connection, stripe_account, "rak_payment_method_read")
    refresh_customer(connection=connection, customer_id=ada["customer"])
    stripe_account.client.v1.payment_methods.detach(ada["payment_method"])
    let_time_pass(stripe_account.sandbox, 10)
    request_refresh(
        connection_id=connection.id,
        object_type="payment_method",
        stripe_id=ada["payment_method"],
        reason="thin event",
    )
    work_off_everything(connection)
    assert traits_of(connection).payment_card_brand is None
    assert not RefreshRequest.objects.filter(connection=connection).exists()


@pytest.mark.parametrize("object_type", ["payment_method", "invoice"])
def test_it_lets_go_of_what_the_key_may_not_read(
    connection: Connection, ada: dict[str, Any], object_type: str
) -> None:
    request_refresh(
        connection_id=connection.id, object_type=object_type, stripe_id=ada[object_type], reason="thin event"
    )
    work_off_everything(connection)
    assert not RefreshRequest.objects.filter(connection=connection).exists()


@pytest.mark.parametrize(("object_type", "stripe_id"), [("subscription", "sub_no"), ("payment_method", "pm_no")])
def test_it_lets_go_of_what_is_nowhere(
    connection: Connection, stripe_account: StripeAccount, object_type: str, stripe_id: str
) -> None:
    allow(connection, stripe_account, "rak_payment_method_read")
    request_refresh(connection_id=connection.id, object_type=object_type, stripe_id=stripe_id, reason="thin event")
    work_off_everything(connection)
    assert not RefreshRequest.objects.filter(connection=connection).exists()


def test_it_asks_less_often_for_what_it_cannot_read(
    connection: Connection, ada: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pinned version itself has a shape that nobody knows: no fetch will ever settle that."""
    monkeypatch.setattr(refresh_worker, "refresh_object", lambda **_: [])
    request_refresh(connection_id=connection.id, stripe_id=ada["customer"], reason="unreadable status")
    now = timezone.now() + timezone.timedelta(hours=1)
    monkeypatch.setattr(timezone, "now", lambda: now)
    pauses = []
    for _ in range(18):
        RefreshRequest.objects.update(not_before="2020-01-01T00:00Z")
        work_off()
        pauses.append((RefreshRequest.objects.get().not_before - now).total_seconds())
    assert pauses[:6] == [2] * 6
    assert pauses[6:9] == [4, 8, 16]
    assert pauses[-1] == 3_600
