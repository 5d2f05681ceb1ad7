"""Signing, checked with the SDK's own verification: https://docs.stripe.com/webhooks#verify-manually."""

import pytest
from stripe import SignatureVerificationError, WebhookSignature

from engage_stripe.sandbox.webhooks.signatures import signature_header

PAYLOAD = '{"id": "evt_1", "name": "Żółw"}'.encode()


def sign(*secrets: str, livemode: bool = True) -> str:
    return signature_header(payload=PAYLOAD, secrets=secrets, timestamp=1_700_000_000, livemode=livemode)


def test_it_signs_as_the_sdk_verifies() -> None:
    assert WebhookSignature.verify_header(PAYLOAD, sign("whsec_new"), "whsec_new")


@pytest.mark.parametrize("secret", ["whsec_new", "whsec_old"])
def test_it_signs_with_every_secret_while_one_rolls(secret: str) -> None:
    # https://docs.stripe.com/webhooks#roll-endpoint-secrets
    header = sign("whsec_new", "whsec_old")
    assert header.count("v1=") == 2
    assert WebhookSignature.verify_header(PAYLOAD, header, secret)


def test_it_does_not_verify_under_another_secret() -> None:
    with pytest.raises(SignatureVerificationError):
        WebhookSignature.verify_header(PAYLOAD, sign("whsec_new"), "whsec_other")


def test_it_adds_a_fake_scheme_in_test_mode() -> None:
    # https://docs.stripe.com/webhooks#verify-manually
    assert "v0=" in sign("whsec_new", livemode=False)
    assert "v0=" not in sign("whsec_new", livemode=True)
