"""``/healthz``, ``/readyz`` and ``/metrics``."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client

from engage_stripe import probes
from tests.factories import make_connection


def test_it_is_alive_without_any_service(client: Client) -> None:
    assert client.get("/healthz").content == b"ok"


@pytest.mark.django_db
def test_it_is_ready_once_a_worker_was_heard(client: Client) -> None:
    cache.set(probes.WORKER_HEARTBEAT, 1, 30)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True,
        "checks": {"postgresql": "ok", "migrations": "ok", "redis": "ok", "worker": "ok"},
    }


@pytest.mark.django_db
def test_it_names_the_worker_that_is_missing(client: Client) -> None:
    cache.delete(probes.WORKER_HEARTBEAT)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "no worker was heard" in answer.json()["checks"]["worker"]


@pytest.mark.django_db
def test_it_serves_metrics_in_prometheus_text(client: Client) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert b"python_info" in answer.content


@pytest.mark.django_db
def test_it_adds_up_what_all_web_processes_counted(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    connection = make_connection()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", "from sync.metrics import WEBHOOKS; WEBHOOKS.labels('foreign_account').inc()"],
            check=True,
        )
    metrics = client.get("/metrics").content.decode()
    assert 'stripe_sync_webhooks_total{outcome="foreign_account"} 2.0' in metrics
    assert f'connection="{connection.id}"' in metrics
    assert "python_info" in metrics
