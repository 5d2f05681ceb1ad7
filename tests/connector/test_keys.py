"""What a pasted key tells by itself."""

import pytest

from connector.errors import InvalidInputError
from connector.keys import parse_api_key, parse_signing_secret


@pytest.mark.parametrize(
    ("pasted", "livemode", "restricted", "hint"),
    [
        ("rk_live_51Habcdefgh", True, True, "rk_live_…efgh"),
        ("  rk_test_51Habcdefgh\n", False, True, "rk_test_…efgh"),
        ("sk_live_51Habcdefgh", True, False, "sk_live_…efgh"),
        ("sk_test_51Habcdefgh", False, False, "sk_test_…efgh"),
    ],
)
def test_it_reads_mode_and_kind_from_the_prefix(pasted: str, livemode: bool, restricted: bool, hint: str) -> None:
    key = parse_api_key(pasted)
    assert (key.livemode, key.restricted, key.hint) == (livemode, restricted, hint)
    assert key.secret.reveal() == pasted.strip()
    assert pasted.strip() not in repr(key)


@pytest.mark.parametrize(
    ("pasted", "code"),
    [
        ("pk_live_51Habcdefgh", "publishable_key"),
        ("", "malformed_key"),
        ("rk_live_", "malformed_key"),
        ("rk_prod_51Habcdefgh", "malformed_key"),
        ("rk_live_51Hab cdefgh", "malformed_key"),
        ("rk_live_51Habcdefgh rk_live_51Habcdefgh", "malformed_key"),
        ("whsec_abcdefghijkl", "malformed_key"),
    ],
)
def test_it_refuses_what_cannot_work(pasted: str, code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_api_key(pasted)
    assert caught.value.code == code


def test_it_gives_the_same_key_the_same_fingerprint() -> None:
    first, again, other = map(parse_api_key, ["rk_test_abcdefgh", "rk_test_abcdefgh", "rk_test_abcdefgi"])
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_it_takes_no_signing_secret_for_an_empty_one() -> None:
    assert not parse_signing_secret(" \n")


def test_it_refuses_a_key_in_place_of_a_signing_secret() -> None:
    with pytest.raises(InvalidInputError):
        parse_signing_secret("rk_test_abcdefgh1234")
