"""Clicks from browsers with a token."""

import json
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from actions import click_tokens
from engage_stripe.standalone.models import App
from tests.actions.shop import Shop, Subscriber

ORIGIN = "https://shop.example"


def token_for(shop: Shop, user: Subscriber) -> str:
    App.objects.filter(id=shop.tenant.id).update(domains=["shop.example"])
    answer = Client().post(
        "/api/v1/click-tokens/",
        json.dumps({"prompt_id": shop.prompt, "interaction": "accept", "user_id": user.user_id}),
        content_type="application/json",
        headers=shop.tenant.api_headers,
    )
    assert (answer.status_code, answer.json()["expires_in"]) == (201, 600)
    return str(answer.json()["token"])


def click(token: str, *, origin: str | None = ORIGIN, **more: Any) -> Any:
    headers = {"Origin": origin} if origin else {}
    body = json.dumps({"token": token, **more})
    return Client().post("/api/v1/click/", body, content_type="application/json", headers=headers)


def configured(shop: Shop) -> Subscriber:
    user = shop.subscriber(shop.price("Basic"))
    shop.configure({"action": "update_subscription", "parameters": {"price": shop.price("Pro")}})
    return user


def test_it_runs_the_click_of_a_page_on_the_apps_domain(shop: Shop) -> None:
    answer = click(token_for(shop, configured(shop)))

    assert answer.status_code == 200
    assert answer.json()["outcomes"][0]["status"] == "succeeded"
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_it_runs_a_token_once(shop: Shop) -> None:
    token = token_for(shop, configured(shop))

    assert click(token).json() == click(token).json()
    assert len(shop.changes()) == 1


def test_it_takes_no_other_identifier_from_the_browser(shop: Shop) -> None:
    user, other = configured(shop), shop.subscriber(shop.price("Other"))

    click(token_for(shop, user), user_id=other.user_id, idempotency_key="mine")

    assert shop.changes() == [f"POST /v1/subscriptions/{user.subscription}"]


def test_it_refuses_pages_elsewhere(shop: Shop) -> None:
    token = token_for(shop, configured(shop))

    for origin in (
        "https://evil.example",
        "http://shop.example",
        "https://shop.example.evil.example",
        "null",
        None,
    ):
        answer = click(token, origin=origin)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert shop.changes() == []


def test_it_refuses_a_token_that_is_changed_or_expired(shop: Shop, monkeypatch: Any) -> None:
    token = token_for(shop, configured(shop))

    assert click(token[:-1] + "x").json()["error"]["code"] == "token_invalid"
    monkeypatch.setattr(click_tokens, "LIFETIME", -1)
    assert click(token).json()["error"]["code"] == "token_expired"
    assert shop.changes() == []


def test_it_answers_preflights_of_known_domains_only(shop: Shop) -> None:
    token_for(shop, shop.customer())

    allowed = Client().options("/api/v1/click/", headers={"Origin": ORIGIN})
    refused = Client().options("/api/v1/click/", headers={"Origin": "https://evil.example"})

    assert (allowed.status_code, allowed.headers["Access-Control-Allow-Origin"]) == (204, ORIGIN)
    assert refused.status_code == 403
    assert "Access-Control-Allow-Origin" not in refused.headers


def test_it_accepts_a_plain_form_post_too(shop: Shop) -> None:
    """Without a preflight: https://developer.mozilla.org/docs/Web/HTTP/CORS#simple_requests"""
    body = urlencode({"token": token_for(shop, configured(shop))})

    answer = Client().post(
        "/api/v1/click/",
        body,
        content_type="application/x-www-form-urlencoded",
        headers={"Origin": ORIGIN},
    )

    assert answer.status_code == 200
