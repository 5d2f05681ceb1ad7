"""What an App keeps of a Stripe account that it is no longer connected to, from either side."""

import json
from typing import Any

import pytest
from django.test import Client

from connector.crypto import Secret
from connector.models import Connection, PlatformEndpoint
from connector.selectors import serving_connection
from sync import inbox
from sync.models import Identity, TraitHistory
from sync.observations import apply_objects
from tests.factories import Tenant, make_app, make_connection
from tests.sandbox_process import StripeAccount
from tests.sync import stripe_shapes as shapes
from tests.sync.conftest import SEED_PERMISSIONS
from tests.sync.webhook_requests import post, sign

pytestmark = pytest.mark.django_db
PAGE = "/settings/actions/stripe/"


def make_tenant_with_traits(**fields: Any) -> tuple[Tenant, Connection]:
    """An App whose user ``ada`` has an active subscription."""
    tenant = make_app()
    connection = make_connection(app_id=tenant.id, **fields)
    Identity.objects.create(app_id=tenant.id, user_id="ada", stripe_id="cus_1")
    objects = [shapes.customer(), shapes.subscription(), shapes.product()]
    apply_objects(connection=connection, objects=objects, rank=2 * shapes.NOW + 1, source={})
    return tenant, connection


def ada(tenant: Tenant) -> tuple[str, str, bool]:
    """The plan, the status and whether they are stale, as the API has them."""
    answer = Client().get("/api/v1/users/ada/traits/", headers=tenant.api_headers).json()
    return answer["traits"]["subscription_plan"], answer["traits"]["subscription_status"], answer["stale"]


@pytest.mark.parametrize("livemode", [True, False], ids=["live", "test"])
def test_it_keeps_traits_and_history_and_marks_them_stale(*, livemode: bool) -> None:
    tenant, connection = make_tenant_with_traits(livemode=livemode)
    history = TraitHistory.objects.filter(app_id=tenant.id).count()
    assert ada(tenant) == ("Basic", "active", False)

    tenant.client().post(f"{PAGE}{connection.pk}/disconnect/")

    assert ada(tenant) == ("Basic", "active", True)
    assert history == TraitHistory.objects.filter(app_id=tenant.id).count() > 0
    assert "Basic" in tenant.client().get("/settings/users/lookup/?user_id=ada").content.decode()


def test_it_goes_on_where_it_was_after_reconnecting(settings: Any, stripe_account: StripeAccount) -> None:
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, "STRIPE_API_BASE": stripe_account.sandbox.url}
    tenant, connection = make_tenant_with_traits(stripe_account_id=stripe_account.id)
    client = tenant.client()
    client.post(f"{PAGE}{connection.pk}/disconnect/")

    key = stripe_account.restricted_key(SEED_PERMISSIONS)
    client.post(PAGE, {"api_key": key, "signing_secret": "", "schedule_time": "02:00", "active": "on"})

    assert serving_connection(app_id=tenant.id) == connection
    assert ada(tenant) == ("Basic", "active", False)


def test_it_ends_every_app_s_connection_when_the_account_deauthorizes() -> None:
    secret = Secret("whsec_platform")
    PlatformEndpoint.objects.create(livemode=False, webhook_secret=secret)
    account = {"method": Connection.Method.CONNECT, "stripe_account_id": "acct_leaving", "api_key": Secret("")}
    (first, mine), (second, theirs) = make_tenant_with_traits(**account), make_tenant_with_traits(**account)
    live = make_connection(app_id=first.id, **account, livemode=True, status=Connection.Status.INACTIVE)
    application = {"id": "ca_1", "object": "application", "name": "Engage"}
    event = shapes.event("account.application.deauthorized", application) | {"account": "acct_leaving"}
    body = json.dumps(event).encode()

    assert post("/webhooks/stripe/connect/", body, sign(body, secret)).json() == {"outcome": "stored"}
    inbox.drain()

    for connection, expected in ((mine, "revoked"), (theirs, "revoked"), (live, "inactive")):
        connection.refresh_from_db()
        assert connection.status == expected
    assert ada(second) == ("Basic", "active", True)
