"""Our wording of requests against the official SDK's, which is never sent."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from connector.crypto import Secret
from connector.stripe_wording import Caller, Worded

BASE = "https://stripe.example"
KEY = "rk_test_wording"

names = st.text(st.characters(codec="utf-8", exclude_characters="[]"), min_size=1, max_size=8)
texts = st.text(st.characters(codec="utf-8"), max_size=12)
leaves = texts | st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
fields = st.recursive(
    leaves | st.booleans() | st.none(),
    # No bare booleans in a list: the SDK says False there where it says false elsewhere. Stripe has no such list.
    lambda inner: st.dictionaries(names, inner, max_size=3) | st.lists(leaves, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(names, fields, max_size=3)
parameters = st.dictionaries(
    names.map(lambda name: f"p_{name}"),  # the SDK takes some names, such as "usage", for options of its own
    fields | st.lists(objects, max_size=3),
    max_size=4,
)


class Recorder(stripe.HTTPClient):
    """Sends nothing, and keeps what would have been sent."""

    name = "engage"

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, **_: Any) -> Any:
        self.method, self.worded = method, Worded(url, headers, post_data)
        return "{}", 200, {}


def worded_by_sdk(
    method: str, path: str, params: dict[str, Any], *, account: str | None, key: str | None
) -> Worded:
    recorder = Recorder()
    client = stripe.StripeClient(KEY, stripe_account=account, base_addresses={"api": BASE}, http_client=recorder)
    client.raw_request(method.lower(), path, **params, idempotency_key=key)
    return recorder.worded


def pairs(form: str) -> list[tuple[str, str]]:
    return parse_qsl(form, keep_blank_values=True, strict_parsing=bool(form))


@given(params=parameters, account=st.none() | st.just("acct_1"))
def test_it_words_a_post_as_the_sdk_does(params: dict[str, Any], account: str | None) -> None:
    theirs = worded_by_sdk("POST", "/v1/subscriptions/sub_1", params, account=account, key="key-1")
    ours = Caller(BASE, Secret(KEY), account).word("POST", "/v1/subscriptions/sub_1", params, "key-1")
    assert ours.url == theirs.url
    assert pairs(ours.form or "") == pairs(theirs.form or "")
    told = {"User-Agent", "X-Stripe-Client-User-Agent", "X-Stripe-Client-Telemetry"}
    assert _without(ours.headers, told) == _without(theirs.headers, told)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@given(params=parameters)
def test_it_puts_parameters_into_the_url_as_the_sdk_does(method: str, params: dict[str, Any]) -> None:
    theirs = worded_by_sdk(method, "/v1/subscriptions", params, account=None, key=None)
    ours = Caller(BASE, Secret(KEY), None).word(method, "/v1/subscriptions", params)
    assert (ours.form, theirs.form) == (None, None)
    assert urlsplit(ours.url)._replace(query="") == urlsplit(theirs.url)._replace(query="")
    assert pairs(urlsplit(ours.url).query) == pairs(urlsplit(theirs.url).query)
    assert ours.headers["Authorization"] == theirs.headers["Authorization"]


def test_it_gives_each_post_a_key_of_its_own() -> None:
    caller = Caller(BASE, Secret(KEY), None)
    first, second = (caller.word("POST", "/v1/customers", {}).headers["Idempotency-Key"] for _ in range(2))
    assert first
    assert first != second


def test_it_pins_the_version_and_says_who_asks() -> None:
    headers = Caller(BASE, Secret(KEY), None).word("GET", "/v1/account", {}).headers
    assert headers["Stripe-Version"] == stripe.api_version
    assert f"PythonBindings/{stripe.VERSION}" in headers["User-Agent"]
    assert "Idempotency-Key" not in headers


def _without(headers: Any, names: set[str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in names}
