"""Amounts in the dialog: as people write them, in the digits of their currency."""

from decimal import Decimal

import pytest

from actions.amount_fields import as_stored, as_written
from actions.models import ActionConfig, ActionLimit
from tests.actions.catalogue_rows import plan
from tests.factories import make_app, make_connection, make_prompt

AMOUNTS = [("usd", "19.90", 1990), ("jpy", "1990", 1990), ("kwd", "19.900", 19_900), ("isk", "1990", 199_000)]


@pytest.mark.parametrize(("currency", "written", "stored"), AMOUNTS)
def test_it_counts_as_stripe_does(currency: str, written: str, stored: int) -> None:
    assert as_stored(Decimal(written), currency) == stored
    assert as_written(stored, currency) == Decimal(written)


@pytest.mark.parametrize(("currency", "written", "decimals"), [("usd", "19.905", "2"), ("jpy", "19.9", "no")])
def test_it_refuses_decimals_that_the_currency_has_not(currency: str, written: str, decimals: str) -> None:
    with pytest.raises(ValueError, match=f"{currency.upper()} have {decimals} decimals"):
        as_stored(Decimal(written), currency)


def test_it_takes_dollars_from_a_designer_and_keeps_cents(db: None) -> None:
    tenant = make_app()
    make_prompt(tenant)
    connection = make_connection(app_id=tenant.id, permissions={"rak_subscription_write": {"state": "granted"}})
    ActionLimit.objects.create(connection=connection, action="override_price", plans=[plan(connection, "Pro")])
    client, address = tenant.client(), "/prompts/win-back/accept"
    version = client.get(f"{address}/add/override_price/").context["version"]
    entered = {"currency": "usd", "on_error": "stop", "version": version}

    refused = client.post(f"{address}/add/override_price/", {**entered, "unit_amount": "19.905"})
    assert "Amounts in USD have 2 decimals." in refused.content.decode()
    assert not ActionConfig.objects.filter(app_id=tenant.id).exists()

    client.post(f"{address}/add/override_price/", {**entered, "unit_amount": "19.90"})
    config = ActionConfig.objects.get(app_id=tenant.id)
    assert config.parameters == {"unit_amount": 1990, "currency": "usd"}
    assert 'value="19.90"' in client.get(f"{address}/0/").content.decode()
