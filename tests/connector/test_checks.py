"""``manage.py check``."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import DEFAULT_DB_ALIAS, connections

from connector.configuration import REQUIRED

GOOD_KEY = "x" * 43 + "="


def ids(settings: Any, *, deploy: bool = False, **changes: Any) -> set[str]:
    settings.ENGAGE_STRIPE = {**settings.ENGAGE_STRIPE, **changes}
    found = run_checks(include_deployment_checks=deploy)
    return {message.id for message in found if message.id and message.id.startswith("stripe_connector")}


def test_it_finds_nothing_wrong_in_a_sound_configuration(settings: Any) -> None:
    changes = {
        "FIELD_ENCRYPTION_KEYS": [GOOD_KEY],
        "STRIPE_API_BASE": "https://api.stripe.com",
        "STRIPE_CONNECT_BASE": "https://connect.stripe.com",
        "PUBLIC_BASE_URL": "https://engage.example.com",
    }
    assert ids(settings, deploy=True, **changes) == set()


@pytest.mark.parametrize("keys", [[], [""], ["short"], [GOOD_KEY, "short"]])
def test_it_refuses_a_missing_or_bad_encryption_key(settings: Any, keys: list[str]) -> None:
    assert ids(settings, FIELD_ENCRYPTION_KEYS=keys) == {"stripe_connector.E001"}


def test_it_refuses_a_host_that_is_not_there(settings: Any) -> None:
    assert ids(settings, HOST="nowhere.Host") == {"stripe_connector.E002"}


def test_it_warns_of_a_fake_stripe_and_plain_http_in_production(settings: Any) -> None:
    changes = {
        "STRIPE_API_BASE": "http://127.0.0.1:12111",
        "STRIPE_CONNECT_BASE": "https://connect.stripe.com",
        "PUBLIC_BASE_URL": "http://engage.example.com",
    }
    assert ids(settings, deploy=True, **changes) == {"stripe_connector.W001", "stripe_connector.W002"}


def test_it_refuses_half_a_platform(settings: Any) -> None:
    assert ids(settings, STRIPE_PLATFORM_KEY="sk_live_abc") == {"stripe_connector.E003"}
    assert ids(settings, STRIPE_PLATFORM_KEY="pk_live_abc", STRIPE_CONNECT_CLIENT_ID="ca_1") == {
        "stripe_connector.E004"
    }


def test_it_refuses_two_platforms_of_one_mode(settings: Any) -> None:
    changes = {
        "STRIPE_PLATFORM_KEY": "sk_test_abc",
        "STRIPE_CONNECT_CLIENT_ID": "ca_1",
        "STRIPE_TEST_PLATFORM_KEY": "sk_test_def",
        "STRIPE_TEST_CONNECT_CLIENT_ID": "ca_2",
    }
    assert ids(settings, **changes) == {"stripe_connector.E005"}


def test_it_refuses_settings_that_are_missing_or_unknown(settings: Any) -> None:
    assert ids(settings, STRIPE_PLATFORM_KEYS="sk_live_abc") == {"stripe_connector.E006"}
    del settings.ENGAGE_STRIPE["STRIPE_PLATFORM_KEYS"]
    del settings.ENGAGE_STRIPE["PUBLIC_BASE_URL"]
    assert ids(settings) == {"stripe_connector.E006"}


def test_it_needs_no_setting_that_has_a_default(settings: Any) -> None:
    settings.ENGAGE_STRIPE = {name: settings.ENGAGE_STRIPE[name] for name in REQUIRED}
    assert ids(settings) == set()


@pytest.mark.parametrize(("name", "value"), [("prepare_threshold", 5), ("isolation_level", 3)])
def test_it_refuses_database_options_under_which_prepared_statements_or_locks_fail(
    settings: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: int
) -> None:
    monkeypatch.setitem(connections[DEFAULT_DB_ALIAS].settings_dict["OPTIONS"], name, value)

    assert ids(settings) == {"stripe_connector.E007"}
