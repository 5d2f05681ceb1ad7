"""Comparing the mirror with Stripe, healing it, and saying what was wrong."""

import json
from datetime import timedelta

import pytest
from django.db import connection as database
from django.utils import timezone

from connector.crypto import Secret
from connector.models import Connection
from sync import reconciliation_ranges
from sync.models import (
    Customer,
    Drift,
    Identity,
    RefreshRequest,
    RunRange,
    StripeEvent,
    Subscription,
    SyncRun,
    UserTraits,
)
from sync.reconciliation import CARD_TRAITS, reconcile, start, work
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


EXPLAINED = [
    # The event's type, its state, by how many seconds it is older than the change, and what it explains.
    ("", "", 0, "never_subscribed"),
    ("customer.updated", "applied", 0, "never_subscribed"),
    ("customer.subscription.updated", "failed", 0, "event_failed"),
    ("customer.subscription.updated", "received", 0, "event_waiting"),
    ("customer.subscription.updated", "applied", 0, "event_missing"),
    ("customer.subscription.updated", "failed", 3600, "event_missing"),
]


@pytest.mark.parametrize(("kind", "state", "older", "cause"), EXPLAINED)
def test_it_says_why_an_object_had_drifted(
    connection: Connection,
    stripe_account: StripeAccount,
    price: str,
    kind: str,
    state: str,
    older: int,
    cause: str,
) -> None:
    _, subscription = subscribe(stripe_account, price)
    reconcile(connection=connection)
    let_time_pass(stripe_account.sandbox, 60)
    stripe_account.client.v1.subscriptions.update(subscription, {"cancel_at_period_end": True})
    if kind:
        offset = stripe_account.sandbox.admin("POST", "clock")["offset"]
        StripeEvent.objects.create(
            connection=connection, event_id="evt_1", type=kind, state=state, livemode=False,
            created=timezone.now() + timedelta(seconds=offset - older),
            payload=json.dumps({"data": {"object": {"id": subscription}}}),
        )  # fmt: skip
    let_time_pass(stripe_account.sandbox, 60)
    run = reconcile(connection=connection)
    assert run.drifts.get().cause == cause
    assert run.report["causes"] == {cause: 1}


def test_it_says_that_an_event_came_after_the_run_had_found_out(
    connection: Connection, stripe_account: StripeAccount, price: str
) -> None:
    _, subscription = subscribe(stripe_account, price)
    reconcile(connection=connection)
    let_time_pass(stripe_account.sandbox, 60)
    stripe_account.client.v1.subscriptions.update(subscription, {"cancel_at_period_end": True})
    let_time_pass(stripe_account.sandbox, 60)
    offset = stripe_account.sandbox.admin("POST", "clock")["offset"]
    run = start(connection=connection)
    reconciliation_ranges.read_waiting_ranges(run, on_split=lambda: None, on_progress=None)
    StripeEvent.objects.create(
        connection=connection, event_id="evt_1", type="customer.subscription.updated", state="applied",
        created=timezone.now() + timedelta(seconds=offset - 60), livemode=False,
        payload=json.dumps({"data": {"object": {"id": subscription}}}),
    )  # fmt: skip
    work(run)
    assert run.drifts.get().cause == "event_late"


def test_it_names_customers_whose_truth_it_could_not_find_out(
    connection: Connection, stripe_account: StripeAccount, price: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mirror knows the customer from the future: no answer of Stripe's can be newer yet."""
    monkeypatch.setattr("sync.unsettled.PAUSE", 0)
    monkeypatch.setattr("sync.unsettled.MAX_ATTEMPTS", 2)
    customer, _ = subscribe(stripe_account, price)
    reconcile(connection=connection)
    later = 2 * int(timezone.now().timestamp() + 10**8)
    Customer.objects.filter(stripe_id=customer).update(rank=later)
    RefreshRequest.objects.create(
        connection=connection,
        object_type="customer",
        stripe_id=customer,
        min_rank=later + 1,
        reason="tie",
        not_before=timezone.now(),
    )
    run = reconcile(connection=connection)
    drift = run.drifts.get()
    assert (drift.stripe_id, drift.healed, drift.cause) == (customer, False, "unsettled")
    assert (run.counts["drifted"], run.counts["healed"]) == (1, 0)
    assert RefreshRequest.objects.filter(stripe_id=customer, not_before__lte=timezone.now()).exists()


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


def test_it_leaves_cards_as_last_known_under_the_six_permissions_and_names_them(
    connection: Connection, stripe_account: StripeAccount, price: str
) -> None:
    customer, _ = subscribe(stripe_account, price)
    Identity.objects.create(app_id=connection.app_id, user_id="ada", stripe_id=customer)
    with_all = Connection.objects.get(pk=connection.pk)
    with_all.api_key = Secret(stripe_account.secret_key)
    with_all.permissions = {"rak_payment_method_read": {"state": "granted"}}
    with_all.save()
    assert "left_as_last_known" not in reconcile(connection=with_all).report
    assert UserTraits.objects.get(user_id="ada").payment_card_brand == "visa"
    let_time_pass(stripe_account.sandbox, 60)

    connection.save()  # with the six permissions only
    run = reconcile(connection=connection)

    assert run.state == SyncRun.State.DONE, run.error
    assert set(run.report["left_as_last_known"]) == set(CARD_TRAITS)
    assert UserTraits.objects.get(user_id="ada").payment_card_brand == "visa"
    asked = [str(one["params"]) for one in stripe_account.requests(path="/v1/customers", method="GET")]
    assert ["default_payment_method" in params for params in asked] == [True, False]


def test_it_asks_for_every_subscription_a_hundred_at_a_time(
    connection: Connection, stripe_account: StripeAccount
) -> None:
    reconcile(connection=connection)
    (asked,) = stripe_account.requests(path="/v1/subscriptions", method="GET")
    assert (asked["params"]["status"], asked["params"]["limit"]) == ("all", 100)


def test_it_is_partial_when_a_range_fails_however_often_it_is_tried(
    connection: Connection, stripe_account: StripeAccount, price: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(stripe_account, price)
    stripe_account.sandbox.admin(
        "POST", "faults", kind="rate_limited", path="/v1/subscriptions", account=stripe_account.id, count=1000
    )
    monkeypatch.setattr(reconciliation_ranges, "FIRST_PAUSE", timedelta(0))
    run = reconcile(connection=connection)
    assert (run.state, run.counts["customers"], run.counts["subscriptions"]) == (SyncRun.State.PARTIAL, 1, 0)
    assert run.ranges.get(resource="subscriptions").attempts == reconciliation_ranges.MAX_ATTEMPTS
    assert "limiting requests" in run.error


def test_it_waits_longer_after_each_refusal(connection: Connection, stripe_account: StripeAccount) -> None:
    stripe_account.sandbox.admin(
        "POST", "faults", kind="rate_limited", path="/v1/subscriptions", account=stripe_account.id, count=1000
    )
    run = start(connection=connection)
    pauses = []
    for _ in range(3):
        work(run)
        stretch = run.ranges.get(resource="subscriptions")
        pauses.append(round((stretch.not_before - timezone.now()).total_seconds()))
        run.ranges.update(not_before=timezone.now())
    assert pauses == [2, 4, 8]


def test_it_is_partial_when_what_stripe_sent_cannot_be_taken_in(
    connection: Connection, stripe_account: StripeAccount, price: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One page that our database refuses must not keep the night open for ever."""
    subscribe(stripe_account, price)
    monkeypatch.setattr(reconciliation_ranges, "FIRST_PAUSE", timedelta(0))
    with database.cursor() as cursor:
        cursor.execute("ALTER TABLE stripe_sync_subscription ADD CONSTRAINT refused CHECK (status <> 'active')")
    run = reconcile(connection=connection)
    assert run.state == SyncRun.State.PARTIAL
    assert run.error == reconciliation_ranges.OUR_FAULT
    assert Customer.objects.filter(connection=connection).count() == 1


def test_it_stops_when_it_is_canceled(connection: Connection, stripe_account: StripeAccount, price: str) -> None:
    subscribe(stripe_account, price)
    run = start(connection=connection)
    cancel(app_id=connection.app_id, run_id=run.pk)
    work(run)
    run.refresh_from_db()
    assert run.state == SyncRun.State.CANCELED


def test_it_stops_when_it_is_canceled_while_its_ranges_pause(
    connection: Connection, stripe_account: StripeAccount
) -> None:
    for path in ("/v1/subscriptions", "/v1/customers"):
        stripe_account.sandbox.admin(
            "POST", "faults", kind="rate_limited", path=path, account=stripe_account.id, count=1000
        )
    run = start(connection=connection)
    work(run)
    cancel(app_id=connection.app_id, run_id=run.pk)
    work(run)
    run.refresh_from_db()
    assert run.state == SyncRun.State.CANCELED


def test_it_stays_done_where_the_wish_to_cancel_came_too_late(connection: Connection) -> None:
    run = reconcile(connection=connection)
    assert cancel(app_id=connection.app_id, run_id=run.pk).state == SyncRun.State.DONE


def test_it_starts_no_second_run_beside_an_open_one(connection: Connection) -> None:
    assert start(connection=connection).pk == start(connection=connection).pk
    assert RunRange.objects.count() == 2
