"""The container files start exactly the processes that the README's table names."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    compose: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return dict(compose["services"])


@pytest.mark.parametrize(
    ("service", "program"),
    [
        ("web", ["granian", "--interface", "wsgi"]),
        ("worker", ["celery", "-A", "engage_stripe", "worker"]),
        ("worker-realtime", ["celery", "-A", "engage_stripe", "worker", "--queues", "clicks,events"]),
        ("beat", ["celery", "-A", "engage_stripe", "beat"]),
        ("sandbox", ["python", "-m", "engage_stripe.sandbox"]),
    ],
)
def test_it_starts_the_process_of(services: dict[str, Any], service: str, program: list[str]) -> None:
    assert services[service]["command"][: len(program)] == program


def test_it_starts_nothing_else(services: dict[str, Any]) -> None:
    assert set(services) == {"postgres", "redis", "migrate", "web", "worker", "worker-realtime", "beat", "sandbox"}
    assert services["sandbox"]["profiles"] == ["sandbox"]


def test_it_waits_for_migrations_before_it_serves(services: dict[str, Any]) -> None:
    for name in ("web", "worker", "worker-realtime", "beat"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_it_copies_only_what_exists_and_runs_as_an_ordinary_user() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, flags=re.MULTILINE)
    missing = [path for line in copied for path in line.split() if not (ROOT / path).exists()]
    assert missing == []
    assert "USER engage" in dockerfile


def test_it_runs_the_same_web_command_everywhere(services: dict[str, Any]) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert str(services["web"]["command"]).replace("'", '"') in dockerfile


def test_it_leaves_development_packages_out_of_the_image() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert all("--no-default-groups" in line for line in re.findall(r"^RUN uv sync.*$", dockerfile, re.MULTILINE))


def test_it_explains_every_make_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    public = set(re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[0].split()) - {"chromium"}
    explained = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert public == explained
