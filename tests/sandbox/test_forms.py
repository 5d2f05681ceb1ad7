"""Form encoding (https://docs.stripe.com/api): whatever the SDK encodes, the sandbox reads back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe._encode import _api_encode

from engage_stripe.sandbox.errors import StripeError
from engage_stripe.sandbox.forms import decode

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="[]"), min_size=1).filter(
    lambda name: not name.isdigit()
)
TEXTS = st.text(st.characters(codec="utf-8"))
VALUES = st.recursive(
    TEXTS,
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(NAMES, inner, min_size=1, max_size=3),
    max_leaves=8,
)


def _as_dicts(value: Any) -> Any:
    """Lists as the decoder gives them: dicts by place."""
    if isinstance(value, list):
        return {str(place): _as_dicts(each) for place, each in enumerate(value)}
    if isinstance(value, dict):
        return {name: _as_dicts(each) for name, each in value.items()}
    return value


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_it_reads_what_the_sdk_encodes(data: dict[str, Any]) -> None:
    encoded = urlencode(list(_api_encode(data)))
    assert decode(encoded) == _as_dicts(data)


def test_it_counts_places_that_are_left_out() -> None:
    assert decode("expand[]=a&expand[]=b") == {"expand": {"0": "a", "1": "b"}}


@pytest.mark.parametrize("encoded", ["a[=1", "[a]=1", "a]=1", "a=1&a[b]=2"])
def test_it_refuses_a_name_it_cannot_read(encoded: str) -> None:
    with pytest.raises(StripeError, match="Invalid parameter name"):
        decode(encoded)
