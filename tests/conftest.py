"""Fixtures for the whole suite."""

import os
from collections.abc import Iterator

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

pytest_plugins = ["tests.sandbox_process", "tests.actions.shop_fixtures"]

# Examples come from the property, not from the clock: a slow machine must not change the outcome.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "50000"))
settings.register_profile("fuzz", settings.get_profile("suite"), max_examples=EXAMPLES, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database; at the end whoever is still in it is sent out, or it could not be dropped.

    PostgreSQL notices only at its next write that a process is gone, so the sessions of those that tests killed may
    outlive them.
    """
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
