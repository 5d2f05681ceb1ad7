"""Settings as a process meets them at its start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PRODUCTION = {
    "DEBUG": "0",
    "SECRET_KEY": "x" * 60,
    "FIELD_ENCRYPTION_KEYS": "uJ0vVHGYJq1tmDCBp1L3Zt5gS2pM1b8rA5pQxYw4e0c=",
    "DATABASE_URL": "postgresql://nobody@db/engage",
    "REDIS_URL": "redis://redis/0",
    "PUBLIC_BASE_URL": "https://engage.example",
    "ALLOWED_HOSTS": "engage.example",
}


def read_setting(expression: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    program = f"from engage_stripe import settings; print({expression})"
    kept = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "engage_stripe.settings"}
    return subprocess.run(
        [sys.executable, "-c", program], env=kept | environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DATABASE_URL", "REDIS_URL", "PUBLIC_BASE_URL"]
)
def test_it_refuses_to_start_in_production_without(name: str) -> None:
    environment = {key: value for key, value in PRODUCTION.items() if key != name}
    outcome = read_setting("'started'", environment)
    assert outcome.returncode != 0
    assert f"{name} is not set" in outcome.stderr


def test_it_reads_a_secret_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("from-a-file")
    environment = {key: value for key, value in PRODUCTION.items() if key != "SECRET_KEY"}
    outcome = read_setting("settings.SECRET_KEY", environment | {"SECRET_KEY_FILE": str(path)})
    assert outcome.stdout.strip() == "from-a-file"


@pytest.mark.parametrize(("scheme", "secure"), [("https", "True"), ("http", "False")])
def test_it_secures_cookies_where_the_public_address_is_https(scheme: str, secure: str) -> None:
    outcome = read_setting(
        "settings.SESSION_COOKIE_SECURE", PRODUCTION | {"PUBLIC_BASE_URL": f"{scheme}://engage.example"}
    )
    assert outcome.stdout.strip() == secure
