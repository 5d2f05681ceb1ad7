"""The pickers of the Add action dialog: searched at the server, never long, only what goes together."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connector.host import Role
from connector.models import Connection
from sync.catalogue_selectors import PAGE
from sync.models import Discount, Price, Product
from tests.actions.catalogue_rows import code, coupon, plan
from tests.actions.options import labels, options, selected
from tests.factories import Tenant, make_app, make_connection, make_prompt

ADD = "/prompts/win-back/accept/add"
MANY = 10_000


@pytest.fixture
def tenant(db: None) -> Tenant:
    tenant = make_app()
    make_prompt(tenant)
    return tenant


@pytest.fixture
def connection(tenant: Tenant) -> Connection:
    return make_connection(app_id=tenant.id, permissions={"rak_subscription_write": {"state": "granted"}})


@pytest.fixture
def client(tenant: Tenant) -> Client:
    return tenant.client(Role.APP_MEMBER)


def many_plans(connection: Connection) -> None:
    Product.objects.bulk_create(
        Product(connection=connection, stripe_id=f"prod_{n}", name=f"Plan no{n}", rank=1) for n in range(100)
    )
    first = Price.objects.create(
        connection=connection,
        stripe_id="price_00000",
        product="prod_0",
        currency="usd",
        unit_amount=100,
        interval="month",
        interval_count=1,
        rank=1,
    )
    own = {"id", "stripe_id", "product", "unit_amount"}
    copied = ", ".join(f'"{one.column}"' for one in Price._meta.concrete_fields if one.column not in own)
    with database.cursor() as cursor:  # ten thousand rows of the ORM take seconds
        cursor.execute(
            f"""
            INSERT INTO {Price._meta.db_table} (stripe_id, product, unit_amount, {copied})
            SELECT 'price_' || lpad(n::text, 5, '0'), 'prod_' || n %% 100, 100 + n, {copied}
            FROM {Price._meta.db_table}, generate_series(1, {MANY - 1}) n WHERE id = %s
            """,  # noqa: S608  names of tables and columns only
            [first.pk],
        )


def search(client: Client, action: str, field: str, query: str = "", **values: Any) -> str:
    answer = client.get(f"{ADD}/{action}/options/{field}/", {f"{field}_search": query, **values})
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_never_lists_more_than_a_page_of_ten_thousand_prices(client: Client, connection: Connection) -> None:
    many_plans(connection)

    dialog = client.get(f"{ADD}/update_subscription/").content.decode()

    assert len(options(dialog, "price")) == PAGE + 1  # and nothing chosen
    assert dialog.count('name="target"') == PAGE
    assert len(options(search(client, "update_subscription", "price", "plan"))) == PAGE + 1
    assert "The first 50 plans are listed; search for others." in dialog
    assert "Search plans" in dialog


@pytest.mark.parametrize("address", [f"{ADD}/update_subscription/", f"{ADD}/update_subscription/options/price/"])
def test_it_takes_as_many_statements_for_ten_thousand_prices_as_for_one_page(
    client: Client, connection: Connection, address: str
) -> None:
    for number in range(PAGE + 1):
        plan(connection, f"Plan{number}")
    with CaptureQueriesContext(database) as few:
        client.get(address)
    many_plans(connection)
    with CaptureQueriesContext(database) as many:
        client.get(address)

    assert len(many) == len(few)


def test_it_groups_plans_by_product_and_leaves_out_what_cannot_be_bought(
    client: Client, connection: Connection
) -> None:
    plan(connection, "Pro")
    plan(connection, "Pro", 20_000, stripe_id="price_yearly", interval="year")
    plan(connection, "Old", active=False)
    plan(connection, "Once", interval=None)

    found = search(client, "subscribe", "price")

    assert '<optgroup label="Pro">' in found
    assert labels(found) == ["—", "Pro, $20 a month", "Pro, $200 a year"]


def test_it_formats_amounts_for_the_reader(client: Client, connection: Connection) -> None:
    plan(connection, "Pro", 123_450, currency="eur")

    page = client.get(f"{ADD}/subscribe/", headers={"Accept-Language": "de-DE,de;q=0.9"}).content.decode()

    assert "Pro, 1.234,50\u00a0€ a month" in labels(page, "price")


def test_it_says_what_a_coupon_gives_how_long_and_how_often_still(client: Client, connection: Connection) -> None:
    coupon(connection, "Stay", duration="repeating", duration_in_months=3, max_redemptions=5, times_redeemed=2)
    coupon(connection, "Gone", redeem_by=timezone.now() - timedelta(days=1))
    coupon(connection, "Spent", max_redemptions=1, times_redeemed=1)

    assert labels(search(client, "apply_discount", "coupon")) == ["—", "Stay (20% off for 3 months), 3 left"]


def test_it_offers_spent_coupons_where_they_are_taken_away(client: Client, connection: Connection) -> None:
    coupon(connection, "Spent", max_redemptions=1, times_redeemed=1)

    assert labels(search(client, "remove_discounts", "coupon")) == [
        "—",
        "Spent (20% off once), 0 left (is used up)",
    ]


def test_it_offers_archived_plans_as_targets_only(client: Client, connection: Connection) -> None:
    plan(connection, "Old", active=False)

    dialog = client.get(f"{ADD}/update_subscription/").content.decode()

    assert labels(dialog, "price") == ["—"]
    assert "Old, $20 a month (is archived at Stripe)" in unescape(dialog)


def test_it_keeps_what_is_chosen_whatever_the_search_finds(client: Client, connection: Connection) -> None:
    pro, basic = plan(connection, "Pro"), plan(connection, "Basic")

    found = search(client, "update_subscription", "price", "basic", price=pro)

    assert labels(found) == ["—", "Pro, $20 a month", "Basic, $20 a month"]
    assert selected(found) == [pro]
    found = search(client, "update_subscription", "target", "basic", target=[pro])
    assert f'value="{pro}" checked' in found
    assert f'value="{basic}">' in found


def test_it_offers_only_discounts_that_fit_the_chosen_plan(client: Client, connection: Connection) -> None:
    pro = plan(connection, "Pro")
    coupon(connection, "Percent")
    coupon(connection, "Euros", percent_off=None, amount_off=500, currency="eur")
    coupon(connection, "Basic", applies_to_products=["prod_basic"])
    for name in ("Percent", "Euros", "Basic"):
        code(connection, name, name.upper())

    for action, values in [("subscribe", {"price": pro}), ("apply_discount", {"target": pro})]:
        assert labels(search(client, action, "coupon", **values)) == ["—", "Percent (20% off once)"]
        assert labels(search(client, action, "promotion_code", **values)) == [
            "—",
            "Percent: Percent (20% off once)",
        ]
    assert len(labels(search(client, "subscribe", "coupon"))) == 4
    kept = search(client, "subscribe", "coupon", price=pro, coupon="EUROS")
    assert "Euros (€5 off once) (not for this plan)" in labels(kept)


def test_it_searches_without_scripts_and_saves_nothing(client: Client, connection: Connection) -> None:
    """A search that was typed but not made counts as one, whichever button was pressed."""
    many_plans(connection)
    basic = plan(connection, "Basic")
    entered = {
        "version": "whatever",
        "price": basic,
        "price_search": "no42",
        "price_searched": "",
        "quantity": "7",
        "timing": "period_end",
        "target": ["price_00001", "price_00002"],
        "on_error": "continue",
    }

    for press in ({"narrow": "price"}, {}):
        answer = client.post(f"{ADD}/update_subscription/", {**entered, **press})
        page = answer.content.decode()
        assert answer.status_code == 200
        assert "errorlist" not in page
        assert selected(page, "price") == [basic]
        assert all("Plan no42" in label for label in labels(page, "price")[2:])
        assert 'name="quantity" value="7"' in page
        assert selected(page, "timing") == ["period_end"]
        assert selected(page, "on_error") == ["continue"]
        assert page.count("checked") == 2


def test_it_saves_a_plan_that_only_a_search_lists(client: Client, connection: Connection) -> None:
    many_plans(connection)
    values = {"price": "price_09999", "price_search": "x", "price_searched": "x", "on_error": "stop"}
    dialog = client.get(f"{ADD}/subscribe/").content.decode()
    version = dialog.split('name="version" value="')[1].split('"')[0]
    assert "price_09999" not in dialog

    answer = client.post(
        f"{ADD}/subscribe/", {**values, "version": version, "payment_behavior": "error_if_incomplete"}
    )

    assert answer.status_code == 302
    assert "$100.99 a month" in client.get("/prompts/win-back/").content.decode()


def test_it_keeps_apps_and_roles_apart(tenant: Tenant, connection: Connection) -> None:
    plan(connection, "Pro")
    address = f"{ADD}/subscribe/options/price/"

    assert make_app().client().get(address).status_code == 404
    assert tenant.client(Role.READ_ONLY).get(address).status_code == 403
    assert Client().get(address).status_code == 302
    other = make_app()
    make_prompt(other)
    plan(make_connection(app_id=other.id), "Secret")
    assert "Secret" not in tenant.client().get(address).content.decode()


@pytest.mark.parametrize(
    "path", ["nonsense/options/price/", "subscribe/options/nope/", "subscribe/options/on_error/"]
)
def test_it_has_options_of_pickers_only(client: Client, connection: Connection, path: str) -> None:
    assert client.get(f"{ADD}/{path}").status_code == 404


LIMITS = "/settings/actions/stripe/limits/"


def test_it_searches_the_plans_that_may_be_overridden(tenant: Tenant, connection: Connection) -> None:
    many_plans(connection)
    admin = tenant.client(Role.APP_ADMIN)
    assert admin.get(LIMITS).content.decode().count('name="plans"') == PAGE

    saved = admin.post(f"{LIMITS}plans/", {"plans": ["price_09999", "price_00001"]})
    found = admin.get(f"{LIMITS}plans/options/", {"plans_search": "no42", "plans": "price_09999"}).content.decode()
    narrowed = admin.post(
        f"{LIMITS}plans/", {"plans": ["price_00002"], "plans_search": "no42", "plans_searched": ""}
    )

    assert saved.status_code == 302
    assert found.count('name="plans"') == PAGE + 1
    assert 'value="price_09999" checked' in found
    assert narrowed.status_code == 200
    assert 'value="price_00002" checked' in narrowed.content.decode()
    page = admin.get(LIMITS).content.decode()
    assert page.count("checked") == 2
    assert 'value="price_09999" checked' in page


def test_it_lets_admins_only_choose_the_plans_that_may_be_overridden(
    tenant: Tenant, connection: Connection
) -> None:
    pro = plan(connection, "Pro")
    member, stranger = tenant.client(Role.APP_MEMBER), make_app().client()

    for someone, refused in [(member, 403), (stranger, 404)]:
        assert someone.post(f"{LIMITS}plans/", {"plans": [pro]}).status_code == refused
        assert someone.get(f"{LIMITS}plans/options/").status_code == refused
    assert tenant.client().post(f"{LIMITS}plans/", {"plans": ["price_foreign"]}).status_code == 422


def test_it_offers_the_coupon_of_a_discount_for_removal_whatever_became_of_it(
    client: Client, connection: Connection
) -> None:
    """As long as somebody has its discount; a coupon that is gone and that nobody has is no option."""
    for name in ("Gone", "Forgotten"):
        coupon(connection, name, deleted=True, valid=False)
    coupon(connection, "Over", redeem_by=timezone.now() - timedelta(days=1))
    Discount.objects.create(connection=connection, stripe_id="di_1", coupon="GONE", customer="cus_1", rank=1)

    offered = labels(client.get(f"{ADD}/remove_discounts/").content.decode(), "coupon")
    assert offered == ["—", "Gone (20% off once) (is no longer at Stripe)", "Over (20% off once) (has expired)"]
    assert "Gone" not in "".join(labels(client.get(f"{ADD}/apply_discount/").content.decode(), "coupon"))

    chosen = {"coupon": "GONE", "on_error": "stop"}
    chosen["version"] = client.get(f"{ADD}/remove_discounts/").context["version"]
    refused = client.post(f"{ADD}/apply_discount/", {**chosen, "mode": "add"})
    assert "no coupon “GONE”" in unescape(refused.content.decode())
    assert client.post(f"{ADD}/remove_discounts/", chosen).status_code == 302
