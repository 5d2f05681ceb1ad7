"""Fixtures for the whole suite."""

pytest_plugins = ["tests.sandbox_process"]
