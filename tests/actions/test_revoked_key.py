"""A key that was revoked at Stripe pauses the connection's actions, from the first click that meets it."""

import pytest

from connector.models import Connection
from sync.models import Identity
from tests.actions.shop import Shop


@pytest.fixture
def closed(shop: Shop) -> Shop:
    shop.configure({"action": "cancel_subscription"})
    shop.account.sandbox.admin("POST", f"keys/{shop.connection.api_key.reveal()}/revoke")
    return shop


def test_it_fails_the_click_that_finds_out_and_pauses_the_next(closed: Shop) -> None:
    user = closed.subscriber(closed.price("Basic"))

    (outcome,) = closed.click(user, key="first")["outcomes"]
    refused = closed.click(user, key="second", status=409)["error"]

    assert (outcome["status"], outcome["code"]) == ("failed", "key_rejected")
    assert (refused["code"], refused["retryable"]) == ("not_connected", False)
    assert "Stripe connection" in refused["message"]
    assert closed.subscription(user)["cancel_at_period_end"] is False


def test_it_keeps_what_was_known(closed: Shop) -> None:
    user = closed.subscriber(closed.price("Basic"))
    closed.click(user)

    connection = Connection.objects.get(pk=closed.connection.pk)
    assert connection.status == Connection.Status.ERROR
    assert connection.api_key
    assert Identity.objects.filter(app_id=closed.tenant.id, user_id=user.user_id).exists()
