"""Reading the catalogue from Stripe."""

from datetime import timedelta

import pytest
from django.utils import timezone

from connector.crypto import Secret
from connector.models import Connection
from sync import runs
from sync.catalogue import _Reader, sync_catalogue
from sync.models import Coupon, Price, Product, PromotionCode, SyncRun
from sync.starting import start_catalogue
from tests.sandbox_process import StripeAccount
from tests.sync.conftest import let_time_pass


def make_price(account: StripeAccount, product: str = "prod_basic", **fields) -> str:
    recurring = {"interval": "month"}
    return account.client.v1.prices.create(
        {"product": product, "currency": "usd", "unit_amount": 1000, "recurring": recurring, **fields}
    ).id


def make_product(account: StripeAccount, **fields) -> str:
    return account.client.v1.products.create({"id": "prod_basic", "name": "Basic", **fields}).id


def test_it_reads_products_prices_coupons_and_codes(connection: Connection, stripe_account: StripeAccount) -> None:
    make_product(stripe_account)
    price = make_price(stripe_account)
    stripe = stripe_account.client.v1
    coupon = stripe.coupons.create({"percent_off": 20, "duration": "once", "name": "Welcome"}).id
    code = stripe.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon}, "code": "HELLO"}).id

    run = sync_catalogue(connection=connection)

    assert run.state == SyncRun.State.DONE
    assert run.counts == {"products": 1, "prices": 1, "coupons": 1, "promotion_codes": 1}
    assert Product.objects.get(connection=connection).name == "Basic"
    assert Price.objects.get(connection=connection).stripe_id == price
    assert Coupon.objects.get(connection=connection).name == "Welcome"
    assert PromotionCode.objects.get(connection=connection, stripe_id=code).coupon == coupon
    connection.refresh_from_db()
    assert connection.last_catalogue_at is not None


def test_it_reads_archived_prices_and_products_too(connection: Connection, stripe_account: StripeAccount) -> None:
    make_product(stripe_account)
    stripe_account.client.v1.prices.update(make_price(stripe_account), {"active": False})
    stripe_account.client.v1.products.update("prod_basic", {"active": False})
    sync_catalogue(connection=connection)
    assert not Price.objects.get(connection=connection).active
    assert not Product.objects.get(connection=connection).active


def test_it_marks_a_deleted_coupon_as_gone_after_asking_for_it(
    connection: Connection, stripe_account: StripeAccount
) -> None:
    coupon = stripe_account.client.v1.coupons.create({"percent_off": 20, "duration": "once"}).id
    sync_catalogue(connection=connection)
    let_time_pass(stripe_account.sandbox, 10)
    stripe_account.client.v1.coupons.delete(coupon)
    let_time_pass(stripe_account.sandbox, 10)
    run = sync_catalogue(connection=connection)
    assert Coupon.objects.get(connection=connection).deleted
    assert run.counts["gone"] == 1
    assert [r["status"] for r in stripe_account.requests(path=f"/v1/coupons/{coupon}", method="GET")] == [404]


def test_it_reads_the_rest_when_one_resource_is_refused(
    connection: Connection, stripe_account: StripeAccount
) -> None:
    make_product(stripe_account)
    connection.api_key = Secret(stripe_account.restricted_key(["rak_product_read", "rak_plan_read"]))
    connection.save()
    run = sync_catalogue(connection=connection)
    assert run.state == SyncRun.State.PARTIAL
    assert set(run.report["errors"]) == {"coupons", "promotion_codes"}
    assert Product.objects.filter(connection=connection).exists()
    connection.refresh_from_db()
    assert connection.last_catalogue_at is None


def test_it_fails_with_stripes_reason_when_the_key_is_revoked(
    connection: Connection, stripe_account: StripeAccount
) -> None:
    connection.api_key = Secret("rk_test_wrong")
    connection.save()
    run = sync_catalogue(connection=connection)
    assert run.state == SyncRun.State.FAILED
    assert run.error


def test_it_asks_a_large_catalogue_only_for_what_is_new(
    connection: Connection, stripe_account: StripeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.catalogue.SMALL", 1)
    make_product(stripe_account)
    make_price(stripe_account)
    assert sync_catalogue(connection=connection, complete=False).report["complete"] is True
    let_time_pass(stripe_account.sandbox, 7200)
    Connection.objects.update(last_catalogue_at=timezone.now() + timedelta(seconds=7200))
    connection.refresh_from_db()
    new = make_price(stripe_account)

    run = sync_catalogue(connection=connection, complete=False)

    assert run.report["complete"] is False
    assert (run.counts["prices"], run.counts["products"]) == (1, 0)
    assert Price.objects.filter(connection=connection, deleted=False).count() == 2
    assert Price.objects.filter(stripe_id=new).exists()


def test_it_takes_up_a_run_that_was_killed(connection: Connection) -> None:
    dead = SyncRun.objects.create(
        app_id=connection.app_id, connection=connection, kind="catalogue", state="running"
    )
    assert sync_catalogue(connection=connection).pk == dead.pk


def test_it_reads_completely_what_was_asked_for_completely_even_if_its_task_was_lost(
    connection: Connection, stripe_account: StripeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tick takes the run up, and by itself would ask a large catalogue for news only."""
    monkeypatch.setattr("sync.catalogue.SMALL", 1)
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *_, **__: None)
    make_product(stripe_account)
    make_price(stripe_account)
    sync_catalogue(connection=connection)
    asked = start_catalogue(connection=connection, started_by="ada@example.com")
    run = sync_catalogue(connection=connection, complete=False)
    assert (run.pk, run.report["complete"]) == (asked.pk, True)


def test_it_does_nothing_more_of_a_run_that_was_canceled(
    connection: Connection, stripe_account: StripeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = runs.begin
    monkeypatch.setattr(runs, "begin", lambda run: runs.cancel(app_id=run.app_id, run_id=run.pk) and begin(run))
    assert sync_catalogue(connection=connection).state == SyncRun.State.CANCELED
    assert stripe_account.requests(path="/v1/products") == []


def test_it_stops_at_the_next_page_when_it_is_canceled(
    connection: Connection, stripe_account: StripeAccount
) -> None:
    make_product(stripe_account)
    canceled = sync_catalogue(connection=connection, on_progress=lambda _: runs.cancel(
        app_id=connection.app_id, run_id=SyncRun.objects.get().pk))  # fmt: skip
    assert canceled.state == SyncRun.State.CANCELED
    assert stripe_account.requests(path="/v1/coupons") == []


def test_it_keeps_what_the_list_lacked_and_stripe_has(
    connection: Connection, stripe_account: StripeAccount
) -> None:
    """The list is given by a former answer: the coupon came after it."""
    coupon = stripe_account.client.v1.coupons.create({"percent_off": 20, "duration": "once"}).id
    sync_catalogue(connection=connection)
    let_time_pass(stripe_account.sandbox, 10)
    reader = _Reader(start(connection), connection, "coupons", None)
    reader._verify_absences(2 * int(timezone.now().timestamp() + 10**8))
    assert not Coupon.objects.get(stripe_id=coupon).deleted
    assert [r["status"] for r in stripe_account.requests(path=f"/v1/coupons/{coupon}", method="GET")] == [200]


def start(connection: Connection) -> SyncRun:
    return runs.open_run(connection=connection, kind=SyncRun.Kind.CATALOGUE)
