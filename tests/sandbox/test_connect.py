"""Connect's OAuth and what a platform may do. https://docs.stripe.com/connect/oauth-reference"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import stripe
from stripe.oauth_error import InvalidClientError, InvalidGrantError, OAuthError

from tests.sandbox.receiver import receiving
from tests.sandbox_process import Sandbox, StripeAccount

CALLBACK = "https://engage.example/stripe/callback"


@dataclass(frozen=True)
class Platform:
    """A Connect application of its own for a test."""

    sandbox: Sandbox
    client_id: str
    account: str
    secret_key: str

    @property
    def client(self) -> stripe.StripeClient:
        return self.sandbox.client(self.secret_key)

    def parameters(self, **changes: str) -> dict[str, str]:
        wanted = {
            "response_type": "code",
            "client_id": self.client_id,
            "scope": "read_write",
            "redirect_uri": CALLBACK,
            "state": "s/1",
        }
        return {**wanted, **changes}

    def ask(self, **changes: str) -> httpx.Response:
        """What the browser gets for the link that leads to Stripe."""
        return httpx.get(f"{self.sandbox.url}/oauth/authorize", params=self.parameters(**changes))

    def decide(self, decision: str, account: str = "") -> dict[str, str]:
        """Press a button of the consent page; returns what the redirect carries."""
        form = {**self.parameters(), "decision": decision, "account": account}
        answer = httpx.post(f"{self.sandbox.url}/oauth/authorize", data=form)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(f"{CALLBACK}?")
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))

    def exchange(self, code: str) -> Any:
        return self.client.oauth.token({"grant_type": "authorization_code", "code": code})

    def connect(self, account: StripeAccount) -> Any:
        return self.exchange(self.decide("approve", account.id)["code"])

    def endpoint(self, url: str, **params: Any) -> Any:
        wanted = {"url": url, "enabled_events": ["*"], "connect": True}
        return self.client.v1.webhook_endpoints.create({**wanted, **params})


def open_platform(sandbox: Sandbox, *, livemode: bool = False) -> Platform:
    made = sandbox.admin("POST", "platforms", redirect_uris=[CALLBACK], livemode=livemode)
    return Platform(sandbox, **made)


@pytest.fixture
def platform(sandbox: Sandbox) -> Platform:
    return open_platform(sandbox)


def test_it_asks_for_consent(platform: Platform, stripe_account: StripeAccount) -> None:
    """https://docs.stripe.com/connect/oauth-standard-accounts."""
    page = platform.ask()
    assert page.status_code == 200
    assert stripe_account.id in page.text


def test_it_returns_a_code_that_gives_the_account(platform: Platform, stripe_account: StripeAccount) -> None:
    # https://docs.stripe.com/connect/oauth-reference#post-token
    back = platform.decide("approve", stripe_account.id)
    assert (back["scope"], back["state"]) == ("read_write", "s/1")
    token = platform.exchange(back["code"])
    assert token.stripe_user_id == stripe_account.id
    assert (token.livemode, token.scope, token.token_type) == (False, "read_write", "bearer")
    assert token.access_token.startswith("sk_test_")
    assert token.stripe_publishable_key.startswith("pk_test_")


def test_it_opens_a_new_account_on_request(platform: Platform) -> None:
    token = platform.exchange(platform.decide("approve")["code"])
    assert token.stripe_user_id.startswith("acct_")


def test_it_tells_that_the_person_declined(platform: Platform) -> None:
    # https://docs.stripe.com/connect/oauth-reference#get-authorize-error-codes
    assert platform.decide("deny") == {
        "error": "access_denied",
        "error_description": "The user denied your request",
        "state": "s/1",
    }


@pytest.mark.parametrize(
    "other",
    [CALLBACK + "/", CALLBACK + "?next=1", "https://engage.example/", "http://engage.example/stripe/callback"],
)
def test_it_accepts_only_the_exact_redirect_uri(platform: Platform, other: str) -> None:
    """https://docs.stripe.com/connect/oauth-reference: it must be registered."""
    refused = platform.ask(redirect_uri=other)
    assert refused.status_code == 400
    assert refused.json()["error"]["message"].startswith(f"Invalid redirect URI '{other}'.")


def test_it_does_not_know_every_client(platform: Platform) -> None:
    refused = platform.ask(client_id="ca_unknown")
    assert refused.json() == {"error": {"message": "No application matches the supplied client identifier"}}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scope": "everything"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": ""}, "invalid_request"),
    ],
)
def test_it_goes_back_with_the_error(platform: Platform, changes: dict[str, str], code: str) -> None:
    """https://docs.stripe.com/connect/oauth-reference#get-authorize-error-codes."""
    answer = platform.ask(**changes)
    assert answer.status_code == 302
    assert dict(parse_qsl(urlsplit(answer.headers["Location"]).query))["error"] == code


def test_it_wants_https_in_live_mode(sandbox: Sandbox) -> None:
    made = sandbox.admin("POST", "platforms", redirect_uris=["http://engage.example/"], livemode=True)
    refused = Platform(sandbox, **made).ask(redirect_uri="http://engage.example/")
    assert "HTTPS" in refused.json()["error"]["message"]


def test_it_takes_a_code_once(platform: Platform, stripe_account: StripeAccount) -> None:
    back = platform.decide("approve", stripe_account.id)
    token = platform.exchange(back["code"])
    with pytest.raises(InvalidGrantError, match="already been used"):
        platform.exchange(back["code"])
    with pytest.raises(stripe.AuthenticationError):
        platform.sandbox.client(token.access_token).v1.customers.list()


def test_it_lets_a_code_expire(platform: Platform, stripe_account: StripeAccount) -> None:
    code = platform.decide("approve", stripe_account.id)["code"]
    offset = platform.sandbox.admin("POST", "clock")["offset"]
    platform.sandbox.admin("POST", "clock", offset=offset + 301)  # never back: others share this sandbox
    with pytest.raises(InvalidGrantError, match="expired"):
        platform.exchange(code)


def test_it_does_not_take_an_unknown_code(platform: Platform) -> None:
    with pytest.raises(InvalidGrantError, match="Authorization code does not exist: ac_x"):
        platform.exchange("ac_x")


def test_it_does_not_take_the_code_of_another_platform(platform: Platform, stripe_account: StripeAccount) -> None:
    code = open_platform(platform.sandbox).decide("approve", stripe_account.id)["code"]
    with pytest.raises(InvalidGrantError, match="does not belong to you"):
        platform.exchange(code)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
    ],
)
def test_it_names_what_is_wrong_with_a_grant(platform: Platform, form: dict[str, str], code: str) -> None:
    answer = httpx.post(f"{platform.sandbox.url}/oauth/token", data={**form, "client_secret": platform.secret_key})
    assert (answer.status_code, answer.json()["error"]) == (400, code)


def test_it_does_not_exchange_for_an_invalid_key(platform: Platform) -> None:
    answer = httpx.post(f"{platform.sandbox.url}/oauth/token", data={"client_secret": "sk_live_wrong"})
    assert answer.status_code == 401


def test_it_acts_on_the_account_in_the_header(platform: Platform, stripe_account: StripeAccount) -> None:
    # https://docs.stripe.com/connect/authentication#stripe-account-header
    stripe_account.client.v1.customers.create({"name": "Ada"})
    on_behalf: Any = {"stripe_account": stripe_account.id}
    with pytest.raises(stripe.PermissionError):
        platform.client.v1.customers.list(options=on_behalf)
    platform.connect(stripe_account)
    listed = platform.client.v1.customers.list(options=on_behalf)
    assert [customer.name for customer in listed.data] == ["Ada"]
    assert platform.client.v1.customers.list().data == []


def test_it_sends_the_events_of_connected_accounts(platform: Platform, stripe_account: StripeAccount) -> None:
    # https://docs.stripe.com/connect/webhooks
    with receiving() as receiver:
        endpoint = platform.endpoint(receiver.url)
        assert endpoint.application == platform.client_id
        stripe_account.client.v1.customers.create({"name": "before"})
        platform.connect(stripe_account)
        stripe_account.client.v1.customers.create({"name": "Ada"})
        platform.sandbox.admin("POST", "webhooks/drain")
    assert receiver.types == ["account.application.authorized", "customer.created"]
    assert {received.event["account"] for received in receiver.received} == {stripe_account.id}


def test_it_tells_only_the_application_that_it_was_authorized(
    platform: Platform, stripe_account: StripeAccount
) -> None:
    # https://docs.stripe.com/api/events/types#event_types-account.application.authorized
    with receiving() as receiver:
        stripe_account.client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
        platform.connect(stripe_account)
        platform.sandbox.admin("POST", "webhooks/drain")
    assert receiver.received == []


def test_it_sends_test_events_to_live_endpoints_of_live_connections(sandbox: Sandbox) -> None:
    # https://docs.stripe.com/connect/webhooks: check `livemode`
    live_platform = open_platform(sandbox, livemode=True)
    live = sandbox.open_account(livemode=True)
    test_key = sandbox.admin("POST", "keys", account=live.id, kind="secret", livemode=False)["key"]
    with receiving() as receiver:
        live_platform.endpoint(receiver.url)
        live_platform.connect(live)
        sandbox.client(test_key).v1.customers.create({"name": "Ada"})
        sandbox.admin("POST", "webhooks/drain")
    modes = [received.event["livemode"] for received in receiver.received]
    assert modes == [True, False]


def test_it_disconnects_on_request(platform: Platform, stripe_account: StripeAccount) -> None:
    # https://docs.stripe.com/connect/oauth-reference#post-deauthorize
    token = platform.connect(stripe_account)
    with receiving() as receiver:
        platform.endpoint(receiver.url)
        ended = platform.client.oauth.deauthorize(
            {"client_id": platform.client_id, "stripe_user_id": stripe_account.id}
        )
        stripe_account.client.v1.customers.create({"name": "after"})
        platform.sandbox.admin("POST", "webhooks/drain")
    assert ended.stripe_user_id == stripe_account.id
    assert receiver.types == ["account.application.deauthorized"]
    assert receiver.received[0].event["data"]["object"]["id"] == platform.client_id
    with pytest.raises(stripe.AuthenticationError):
        platform.sandbox.client(token.access_token).v1.customers.list()


def test_it_tells_the_platform_when_the_merchant_disconnects(
    platform: Platform, stripe_account: StripeAccount
) -> None:
    platform.connect(stripe_account)
    with receiving() as receiver:
        platform.endpoint(receiver.url)
        parties = {"client_id": platform.client_id, "account": stripe_account.id}
        platform.sandbox.admin("DELETE", "connections", **parties)
        platform.sandbox.admin("POST", "webhooks/drain")
    assert receiver.types == ["account.application.deauthorized"]


def test_it_does_not_disconnect_what_is_not_connected(platform: Platform, stripe_account: StripeAccount) -> None:
    with pytest.raises(InvalidClientError, match="not connected"):
        platform.client.oauth.deauthorize({"client_id": platform.client_id, "stripe_user_id": stripe_account.id})


def test_it_does_not_disconnect_for_another_platform(platform: Platform, stripe_account: StripeAccount) -> None:
    platform.connect(stripe_account)
    with pytest.raises(OAuthError, match="No such application"):
        open_platform(platform.sandbox).client.oauth.deauthorize(
            {"client_id": platform.client_id, "stripe_user_id": stripe_account.id}
        )


def test_it_leaves_an_account_to_its_first_platform(platform: Platform, stripe_account: StripeAccount) -> None:
    # https://docs.stripe.com/connect/oauth-changes-for-standard-platforms
    platform.connect(stripe_account)
    second = open_platform(platform.sandbox).connect(stripe_account)
    assert second.stripe_user_id != stripe_account.id
