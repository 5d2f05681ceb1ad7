"""The API of identities, catalogue and runs."""

from typing import Any

import pytest
from django.test import Client

from connector.models import Connection
from sync import tasks
from sync.models import Coupon, Identity, Price, Product, RefreshRequest, SyncRun
from tests.factories import Tenant, make_app, make_connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "UPLOADS_URL": tmp_path.as_uri()}
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *_, **__: None)
    return make_app()


@pytest.fixture
def connection(alice: Tenant) -> Connection:
    return make_connection(app_id=alice.id)


def call(tenant: Tenant, method: str, path: str, body: Any = None, **options: Any) -> Any:
    options = {"content_type": "application/json", **options}
    return getattr(Client(), method)(f"/api/v1/{path}", body, headers=tenant.api_headers, **options)


def test_it_links_a_user_at_once(alice: Tenant, connection: Connection) -> None:
    answer = call(alice, "put", "users/u1/identity/", {"stripe_id": "cus_1"})
    assert answer.status_code == 200
    assert answer.json()["stripe_id"] == "cus_1"
    assert answer.json()["email_address"] is None
    assert Identity.objects.get(app_id=alice.id).user_id == "u1"
    assert RefreshRequest.objects.get().stripe_id == "cus_1"


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, "no_link"), ({"stripe_id": "sub_1"}, "bad_stripe_id"), ({"email_address": "x"}, "bad_email_address")],
)
def test_it_refuses_a_link_by_the_rules_of_the_file(alice: Tenant, body: dict[str, str], code: str) -> None:
    answer = call(alice, "put", "users/u1/identity/", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert not Identity.objects.exists()


def test_it_takes_user_ids_with_slashes(alice: Tenant) -> None:
    call(alice, "put", "users/a/b@c/identity/", {"email_address": "a@b"})
    assert Identity.objects.get().user_id == "a/b@c"


def test_it_imports_a_file_in_the_background(alice: Tenant) -> None:
    answer = call(
        alice,
        "put",
        "identity-files/users.csv/?mode=full",
        b"user_id,stripe_id\nu1,cus_1\n",
        content_type="text/csv",
    )
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    tasks.import_waiting(str(alice.id))
    assert Identity.objects.count() == 1
    run = call(alice, "get", f"runs/{answer.json()['id']}/").json()
    assert (run["state"], run["counts"]["added"]) == ("done", 1)


def test_it_starts_and_cancels_a_run(alice: Tenant, connection: Connection) -> None:
    started = call(alice, "post", "runs/", {"kind": "catalogue"})
    assert started.status_code == 202
    assert call(alice, "post", "runs/", {"kind": "catalogue"}).status_code == 409
    canceled = call(alice, "post", f"runs/{started.json()['id']}/cancel/")
    assert canceled.json()["state"] == "canceled"
    assert [run["id"] for run in call(alice, "get", "runs/").json()] == [started.json()["id"]]


def test_it_says_that_the_app_is_not_connected(alice: Tenant) -> None:
    for answer in (
        call(alice, "get", "catalogue/plans/"),
        call(alice, "post", "runs/", {"kind": "reconciliation"}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_connected")


def test_it_lists_plans_with_their_product(alice: Tenant, connection: Connection) -> None:
    Product.objects.create(connection=connection, stripe_id="prod_1", name="Basic", rank=1)
    Price.objects.create(
        connection=connection, stripe_id="price_1", product="prod_1", currency="usd", unit_amount=1250,
        interval="month", interval_count=1, rank=1,
    )  # fmt: skip
    answer = call(alice, "get", "catalogue/plans/").json()
    (plan,) = answer["results"]
    assert (plan["price"], plan["product_name"], plan["unit_amount"]) == ("price_1", "Basic", "1250")
    assert plan["words"] == "Basic, $12.50 a month"


def test_it_lists_used_up_coupons_only_when_asked(alice: Tenant, connection: Connection) -> None:
    Coupon.objects.create(
        connection=connection, stripe_id="c", duration="once", percent_off=5, valid=False, rank=1
    )
    assert call(alice, "get", "catalogue/coupons/").json()["results"] == []
    (coupon,) = call(alice, "get", "catalogue/coupons/?archived=true").json()["results"]
    assert coupon["unusable_because"] == "can no longer be redeemed"


def test_it_answers_401_without_a_key() -> None:
    for path in ("runs/", "catalogue/plans/", "catalogue/coupons/", "catalogue/promotion-codes/"):
        assert Client().get(f"/api/v1/{path}").status_code == 401


def test_it_hides_another_apps_runs(alice: Tenant) -> None:
    run = SyncRun.objects.create(app_id=make_app().id, kind="identities")
    assert call(alice, "get", f"runs/{run.pk}/").status_code == 404
    assert call(alice, "post", f"runs/{run.pk}/cancel/").status_code == 404
    assert call(alice, "get", "runs/").json() == []
