"""The real web process and the real worker with its clock, on the test database and a Redis database of their own."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import redis
from django.conf import settings
from django.db import connection

from engage_stripe.demo.processes import Supervisor, choose_port

START_WITHIN = 60
"""Seconds."""


def database_url() -> str:
    """The URL of the database that the test runs on, as pytest-django named it."""
    wanted: dict[str, Any] = connection.settings_dict
    who = quote(wanted["USER"]) + (f":{quote(wanted['PASSWORD'])}" if wanted["PASSWORD"] else "")
    where = f"{wanted['HOST']}:{wanted['PORT']}" if wanted["HOST"] else ""
    options = {name: value for name, value in wanted["OPTIONS"].items() if isinstance(value, str)}
    return f"postgresql://{who}@{where}/{wanted['NAME']}?{urlencode(options)}"


def _redis_url() -> str:
    """Another database of the same server for each test process: queues must not be shared."""
    number = 12 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
    return f"{settings.REDIS_URL.rpartition('/')[0]}/{number}"


class LiveProcesses:
    """Starts what the test asks for, with one environment for all."""

    def __init__(self, supervisor: Supervisor, *, stripe_url: str, folder: Path, **environment: str) -> None:
        redis.Redis.from_url(_redis_url()).flushdb()  # the tasks of an earlier test
        self._supervisor = supervisor
        self._schedule = str(folder / "celerybeat-schedule")
        port = choose_port(0, on_taken=lambda _: None, purpose="test")
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {
            "DEBUG": "1",
            "DJANGO_SETTINGS_MODULE": "engage_stripe.settings",
            "DATABASE_URL": database_url(),
            "REDIS_URL": _redis_url(),
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_ENCRYPTION_KEYS": ",".join(settings.ENGAGE_STRIPE["FIELD_ENCRYPTION_KEYS"]),
            "PUBLIC_BASE_URL": self.url,
            "STRIPE_API_BASE": stripe_url,
            "STRIPE_CONNECT_BASE": stripe_url,
            **environment,
        }

    def start_web(self, *, workers: int = 1) -> None:
        """Web processes of four threads each."""
        port = self.url.rpartition(":")[2]
        command = ["granian", "--interface", "wsgi", "--port", port, "--blocking-threads", "4",
                   "--workers", str(workers), "engage_stripe.wsgi:application"]  # fmt: skip
        self._supervisor.start("web", command, environment=self._environment)
        self._supervisor.wait_until_served("web", f"{self.url}/healthz", seconds=START_WITHIN)

    def start_worker(self, name: str = "worker", *, with_beat: bool = True) -> None:
        beat = ["-B", "--schedule", self._schedule] if with_beat else []
        command = ["celery", "-A", "engage_stripe", "worker", "--concurrency", "1", "--hostname", f"{name}@test"]
        self._supervisor.start(name, [*command, *beat], environment=self._environment)

    def start_beat(self) -> None:
        command = ["celery", "-A", "engage_stripe", "beat", "--schedule", self._schedule]
        self._supervisor.start("beat", command, environment=self._environment)

    @property
    def worker_pid(self) -> int:
        return self.pid("worker")

    def pid(self, name: str) -> int:
        return self._supervisor.pid(name)
