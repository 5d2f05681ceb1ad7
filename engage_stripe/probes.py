"""Probes for whatever keeps the processes running: ``/healthz`` alive, ``/readyz`` able to work, ``/metrics``."""

import os
from collections.abc import Callable

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, PLATFORM_COLLECTOR, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from sync.freshness_metrics import FreshnessCollector

WORKER_HEARTBEAT = "worker-heartbeat"
WORKER_HEARTBEAT_SECONDS = 30
"""A worker that has been silent this long counts as gone."""


@require_GET
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok", content_type="text/plain")


@require_GET
def readyz(_request: HttpRequest) -> JsonResponse:
    """Each thing this process needs, by name, with what is wrong; 503 unless all are well."""
    checks: dict[str, Callable[[], str]] = {
        "postgresql": _postgresql,
        "migrations": _migrations,
        "redis": _redis,
        "worker": _worker,
    }
    problems = {name: problem for name, check in checks.items() if (problem := check())}
    body = {"ready": not problems, "checks": {name: problems.get(name, "ok") for name in checks}}
    return JsonResponse(body, status=503 if problems else 200)


@require_GET
def metrics(_request: HttpRequest) -> HttpResponse:
    """Prometheus text format: https://prometheus.io/docs/instrumenting/exposition_formats/"""
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    """What all web processes counted, where there are several (``wsgi.py``), and what the database says."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    registry.register(PLATFORM_COLLECTOR)
    registry.register(FreshnessCollector())
    return registry


def _postgresql() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "does not answer"
    return ""


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "unknown while PostgreSQL does not answer"
    return f"{len(waiting)} not applied; run: python manage.py migrate" if waiting else ""


def _redis() -> str:
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2).ping()
    except redis.RedisError:
        return "does not answer"
    return ""


def _worker() -> str:
    try:
        alive = cache.get(WORKER_HEARTBEAT)
    except redis.RedisError:
        return "unknown while Redis does not answer"
    return "" if alive else f"no worker was heard in the last {WORKER_HEARTBEAT_SECONDS} s"
