"""Protection that is on by default, on every page."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from connector.host import Role
from tests.factories import make_app

TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))
# E-mail programs ignore style sheets, so only there styles stand on the elements.
PAGES = [template for template in TEMPLATES if "email" not in template.relative_to(settings.BASE_DIR).as_posix()]


@pytest.mark.django_db
def test_it_allows_no_inline_script_or_style_and_no_framing() -> None:
    response = make_app().client().get("/prompts/")

    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
def test_it_words_no_policy_for_json() -> None:
    response = Client().get("/api/v1/actions/")

    assert response.headers["Content-Type"] == "application/json"
    assert "Content-Security-Policy" not in response.headers
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
def test_it_gives_every_script_the_nonce_of_its_response() -> None:
    client = make_app().client()
    nonces = set()
    for path in ("/prompts/", "/settings/actions/stripe/"):
        response = client.get(path)
        allowed = re.search(r"script-src 'self' 'nonce-([^']+)'(;|$)", response.headers["Content-Security-Policy"])
        assert allowed
        scripts = re.findall(r"<script[^>]*>", response.content.decode())
        assert scripts
        assert all(f'nonce="{allowed[1]}"' in script for script in scripts)
        nonces.add(allowed[1])
    assert len(nonces) == 2


@pytest.mark.parametrize("template", PAGES, ids=lambda template: template.name)
def test_it_writes_no_inline_script_or_style(template: Path) -> None:
    source = template.read_text()

    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|hx-on|javascript:", source)
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)


@pytest.mark.django_db
def test_it_refuses_a_form_without_a_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_app().user(Role.APP_ADMIN))

    refused = client.post("/switch-app/", {})

    assert refused.status_code == 403
    assert "This page was open for too long" in refused.content.decode()
    assert client.post("/sign-in/", {}).status_code == 403
    assert client.post("/sign-out/", {}).status_code == 403


@pytest.mark.django_db
def test_it_keeps_the_session_cookie_from_scripts_and_other_sites() -> None:
    tenant = make_app()

    cookie = tenant.client().post("/switch-app/", {"app_id": str(tenant.id)}).cookies["sessionid"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.django_db
def test_it_insists_on_https_where_the_console_is_served_over_it(settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_SSL_REDIRECT = True

    assert Client().get("/prompts/").headers["Location"].startswith("https://")
    assert Client().get("/sign-in/", secure=True).headers["Strict-Transport-Security"] == "max-age=31536000"
