"""Requests as the SDK writes them, answers as Stripe writes them."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode

from connector.crypto import Secret
from connector.stripe_wire import form_of, headers_of, read_body

_NAMES = st.text(min_size=1, max_size=5)
_LEAVES = st.none() | st.text(max_size=8) | st.integers()
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner.filter(lambda one: one is not None)) | st.dictionaries(_NAMES, inner)
)


@given(st.dictionaries(_NAMES, _VALUES | st.booleans(), max_size=4))
def test_it_writes_parameters_as_the_sdk_does(params: dict[str, Any]) -> None:
    """An idempotency key that an older version of ours used must find the same request."""
    by_the_sdk = urlencode(list(_api_encode(params))).replace("%5B", "[").replace("%5D", "]")
    assert form_of(params) == by_the_sdk


def test_it_makes_up_a_key_for_a_change_without_one() -> None:
    common: dict[str, Any] = {"key": Secret("sk_test_a"), "version": "v", "account": None, "idempotency_key": ""}
    first, second = headers_of("POST", **common), headers_of("POST", **common)
    assert first["Idempotency-Key"] != second["Idempotency-Key"]
    assert "Idempotency-Key" not in headers_of("GET", **common)


@pytest.mark.parametrize(
    ("body", "read"),
    [(b'{"a": 1}', {"a": 1}), (b'{"a": "\\ud800"}', {"a": "\ud800"}), (b'{"a": ', None), (b"", None)],
)
def test_it_reads_what_json_reads(body: bytes, read: Any) -> None:
    assert read_body(body) == read
