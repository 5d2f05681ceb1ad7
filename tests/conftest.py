"""Fixtures for the whole suite."""

import os

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.sandbox_process", "tests.actions.shop_fixtures"]

# Examples come from the property, not from the clock: a slow machine must not change the outcome.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fuzz", settings.get_profile("suite"), max_examples=50_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))
