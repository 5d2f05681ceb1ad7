"""Comparing the mirror with Stripe, healing it, and saying what was wrong."""

from datetime import timedelta

import pytest

from connector.crypto import Secret
from connector.models import Connection
from sync import reconciliation_ranges
from sync.models import Customer, Drift, Identity, RunRange, StripeEvent, Subscription, SyncRun, UserTraits
from sync.reconciliation import reconcile, start, work
from sync.runs import cancel
from tests.sandbox_process import StripeAccount
from tests.sync.conftest import let_time_pass


@pytest.fixture
def price(stripe_account: StripeAccount) -> str:
    product = {"name": "Basic"}
    return stripe_account.client.v1.prices.create(
        {"product_data": product, "currency": "usd", "unit_amount": 1000, "recurring": {"interval": "month"}}
    ).id


def subscribe(account: StripeAccount, price: str, **fields) -> tuple[str, str]:
    stripe = account.client.v1
    customer = stripe.customers.create({"payment_method": "pm_card_visa", "invoice_settings": {
        "default_payment_method": "pm_card_visa"}}).id  # fmt: skip
    return customer, stripe.subscriptions.create({"customer": customer, "items": [{"price": price}], **fields}).id


def make_customers(account: StripeAccount, count: int) -> None:
    for _ in range(count):
        account.client.v1.customers.create({})


def test_it_loads_every_customer_and_subscription(
    connection: Connection, stripe_account: StripeAccount, price: str
) -> None:
    active = subscribe(stripe_account, price)
    customer, ended = subscribe(stripe_account, price)
    stripe_account.client.v1.subscriptions.cancel(ended)

    run = reconcile(connection=connection)

    assert run.state == SyncRun.State.DONE, run.error
    assert (run.counts["customers"], run.counts["subscriptions"]) == (2, 2)
    assert set(Customer.objects.values_list("stripe_id", flat=True)) == {active[0], customer}
    assert Subscription.objects.get(stripe_id=ended).status == "canceled"
    assert run.counts["drifted"] == 0
    connection.refresh_from_db()
    assert connection.last_reconciliation_at is not None


def test_it_heals_and_reports_what_no_event_told(
    connection: Connection, stripe_account: StripeAccount, price: str
) -> None:
    customer, subscription = subscribe(stripe_account, price)
    Identity.objects.create(app_id=connection.app_id, user_id="ada", stripe_id=customer)
    reconcile(connection=connection)
    let_time_pass(stripe_account.sandbox, 60)
    stripe_account.client.v1.subscriptions.update(subscription, {"cancel_at_period_end": True})
    let_time_pass(stripe_account.sandbox, 60)

    run = reconcile(connection=connection)

    assert UserTraits.objects.get(user_id="ada").cancel_at_period_end is True
    drift = Drift.objects.get(run=run)
    assert (drift.resource, drift.stripe_id, drift.customer) == ("subscriptions", subscription, customer)
    assert (drift.before["cancel_at_period_end"], drift.after["cancel_at_period_end"]) == (False, True)
    assert {"user_id": "ada", "trait": "cancel_at_period_end", "before": False, "after": True} in drift.traits
    assert drift.since is not None
    assert drift.healed
    assert run.counts["drifted"] == run.counts["healed"] == 1


@pytest.mark.parametrize(
    ("state", "cause"),
    [("", "never_subscribed"), ("failed", "event_failed"), ("applied", "event_missing")],
)
def test_it_says_why_an_object_had_drifted(
    connection: Connection, stripe_account: StripeAccount, price: str, state: str, cause: str
) -> None:
    _, subscription = subscribe(stripe_account, price)
    reconcile(connection=connection)
    let_time_pass(stripe_account.sandbox, 60)
    changed = stripe_account.client.v1.subscriptions.update(subscription, {"cancel_at_period_end": True})
    if state:
        StripeEvent.objects.create(
            connection=connection, event_id="evt_1", type="customer.subscription.updated", state=state,
            created="2026-01-01T00:00Z", livemode=False, payload={"data": {"object": {"id": changed.id}}},
        )  # fmt: skip
    let_time_pass(stripe_account.sandbox, 60)
    run = reconcile(connection=connection)
    assert run.drifts.get().cause == cause
    assert run.report["causes"] == {cause: 1}


def test_it_finds_nothing_where_nothing_changed(
    connection: Connection, stripe_account: StripeAccount, price: str
) -> None:
    subscribe(stripe_account, price, trial_period_days=7)
    reconcile(connection=connection)
    let_time_pass(stripe_account.sandbox, 60)
    assert reconcile(connection=connection).counts["drifted"] == 0


def test_it_asks_for_an_absent_customer_before_it_is_gone(
    connection: Connection, stripe_account: StripeAccount, price: str
) -> None:
    customer, _ = subscribe(stripe_account, price)
    reconcile(connection=connection)
    let_time_pass(stripe_account.sandbox, 60)
    stripe_account.client.v1.customers.delete(customer)
    let_time_pass(stripe_account.sandbox, 60)
    run = reconcile(connection=connection)
    assert Customer.objects.get(stripe_id=customer).deleted
    assert run.counts["gone"] == 1
    assert len(stripe_account.requests(path=f"/v1/customers/{customer}", method="GET")) == 1


def test_it_reads_many_objects_in_several_ranges_with_few_requests(
    connection: Connection, stripe_account: StripeAccount
) -> None:
    make_customers(stripe_account, 230)
    run = reconcile(connection=connection)
    assert run.counts["customers"] == 230
    assert Customer.objects.filter(connection=connection).count() == 230
    assert run.ranges.filter(resource="customers").count() > 1
    assert len(stripe_account.requests(path="/v1/customers", method="GET")) <= 3 + reconciliation_ranges.MAX_RANGES


def test_it_continues_at_the_cursor_after_a_failure(
    connection: Connection, stripe_account: StripeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_customers(stripe_account, 230)
    monkeypatch.setattr(reconciliation_ranges, "PAGES_AT_ONCE", 1)
    monkeypatch.setattr(reconciliation_ranges, "MAX_RANGES", 1)
    run = start(connection=connection)

    class Killed(BaseException):
        pass

    def die(_: object) -> None:
        raise Killed

    with pytest.raises(Killed):
        work(run, on_progress=die)
    assert run.ranges.exclude(cursor="").count() == 1
    run = reconcile(connection=connection)
    assert run.state == SyncRun.State.DONE
    assert run.counts["customers"] == 230
    assert Customer.objects.filter(connection=connection).count() == 230
    assert len(stripe_account.requests(path="/v1/customers", method="GET")) == 3


def test_it_is_partial_when_one_resource_is_refused(
    connection: Connection, stripe_account: StripeAccount, price: str
) -> None:
    subscribe(stripe_account, price)
    connection.api_key = Secret(stripe_account.restricted_key(["rak_customer_read", "rak_coupon_read"]))
    connection.save()
    run = reconcile(connection=connection)
    assert run.state == SyncRun.State.PARTIAL
    assert run.counts["customers"] == 1
    assert run.error
    connection.refresh_from_db()
    assert connection.last_reconciliation_at is None


def test_it_tries_a_range_again_after_a_pause(
    connection: Connection, stripe_account: StripeAccount, price: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(stripe_account, price)
    stripe_account.sandbox.admin(
        "POST", "faults", kind="rate_limited", path="/v1/subscriptions", account=stripe_account.id, count=1
    )
    monkeypatch.setattr(reconciliation_ranges, "FIRST_PAUSE", timedelta(0))
    run = reconcile(connection=connection)
    assert run.state == SyncRun.State.DONE


def test_it_names_the_traits_that_it_may_not_read(connection: Connection) -> None:
    run = reconcile(connection=connection)
    assert "payment_card_brand" in run.report["left_as_last_known"]


def test_it_stops_when_it_is_canceled(connection: Connection, stripe_account: StripeAccount, price: str) -> None:
    subscribe(stripe_account, price)
    run = start(connection=connection)
    cancel(app_id=connection.app_id, run_id=run.pk)
    work(run)
    run.refresh_from_db()
    assert run.state == SyncRun.State.CANCELED


def test_it_starts_no_second_run_beside_an_open_one(connection: Connection) -> None:
    assert start(connection=connection).pk == start(connection=connection).pk
    assert RunRange.objects.count() == 2
