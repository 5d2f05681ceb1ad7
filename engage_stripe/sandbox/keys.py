"""API keys: who is calling and what the key may do.

https://docs.stripe.com/keys, https://docs.stripe.com/keys/restricted-api-keys
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engage_stripe.sandbox.errors import StripeError
from engage_stripe.sandbox.state import Account, World

Kind = Literal["secret", "restricted", "publishable"]
KINDS: dict[str, Kind] = {"sk": "secret", "rk": "restricted", "pk": "publishable"}


@dataclass
class Key:
    """`permissions` are `rak_` names without the prefix; write implies read."""

    value: str
    account_id: str
    livemode: bool
    kind: Kind
    permissions: frozenset[str] = frozenset()
    state: Literal["active", "expired", "revoked"] = "active"

    def allows(self, permission: str | None) -> bool:
        """Whether an endpoint that needs `permission` may be called."""
        if self.kind != "restricted" or permission is None:
            return True
        resource, _, access = permission.rpartition("_")
        wanted = {permission, f"{resource}_write"} if access == "read" else {permission}
        return bool(wanted & self.permissions)

    @property
    def masked(self) -> str:
        """`rk_live_***gbeftZ`: how Stripe prints a key in a permission error."""
        return _mask(self.value, 6)


def create_key(
    world: World,
    account: Account,
    kind: Kind,
    *,
    permissions: frozenset[str] = frozenset(),
    value: str | None = None,
) -> Key:
    """Register a key, with the given value when a well-known one is wanted."""
    if value is None:
        mode = "live" if account.livemode else "test"
        prefix = next(prefix for prefix, each in KINDS.items() if each == kind)
        value = f"{prefix}_{mode}_{account.ids.text(32)}"
    key = Key(value, account.id, account.livemode, kind, permissions)
    world.keys[value] = key
    return key


def authenticate(world: World, headers: Mapping[str, str]) -> Key:
    """The active secret or restricted key of a request; StripeError 401 otherwise.

    An unknown `sk_test_…` opens a new empty account, so that everybody can have a private one.
    """
    value = _bearer(headers.get("authorization", ""))
    key = world.keys.get(value) or _opened(world, value)
    if key is None or key.state == "revoked":
        raise _unauthorized(f"Invalid API Key provided: {_mask(value)}")
    if key.state == "expired":
        raise _unauthorized(f"Expired API Key provided: {_mask(value)}", code="api_key_expired")
    if key.kind == "publishable":
        raise _unauthorized(
            "This API call cannot be made with a publishable API key. Please use a secret API key. You "
            "can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.",
            code="secret_key_required",
        )
    return key


def acting_account(world: World, key: Key, on_behalf_of: str | None) -> Account:
    """The account a request acts on: the key's own, or the one in the `Stripe-Account` header.

    https://docs.stripe.com/connect/authentication
    """
    if on_behalf_of is None or on_behalf_of == key.account_id:
        return world.account(key.account_id, livemode=key.livemode)
    if (key.account_id, on_behalf_of, key.livemode) not in world.connections:
        raise StripeError(
            403,
            f"The provided key '{key.masked}' does not have access to account '{on_behalf_of}' (or that "
            "account does not exist). Application access may have been revoked.",
            code="account_invalid",
        )
    return world.account(on_behalf_of, livemode=key.livemode)


def check_permission(key: Key, account: Account, permission: str | None) -> None:
    """StripeError 403 that names the missing permission, with no `code`, as Stripe answers."""
    if key.allows(permission):
        return
    raise StripeError(
        403,
        f"The provided key '{key.masked}' does not have the required permissions for this endpoint on "
        f"account '{account.id}'. Having the 'rak_{permission}' permission would allow this request to "
        "continue.",
    )


def _bearer(header: str) -> str:
    scheme, _, value = header.strip().partition(" ")
    if scheme.lower() == "bearer" and value:
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            pass
    raise _unauthorized(
        "You did not provide an API key. You need to provide your API key in the Authorization header, "
        "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
        "https://stripe.com/docs/api#authentication for details, or we can help at "
        "https://support.stripe.com/."
    )


def _opened(world: World, value: str) -> Key | None:
    suffix = value.removeprefix("sk_test_")
    if suffix == value or not suffix.isalnum():
        return None
    account = world.account(f"acct_1{world.ids.text(15)}")
    return create_key(world, account, "secret", value=value)


def _mask(value: str, shown: int = 4) -> str:
    prefix = "_".join(value.split("_", 2)[:2]) + "_" if value.count("_") >= 2 else ""
    rest = value[len(prefix) :]
    return f"{prefix}{'*' * max(len(rest) - shown, 3)}{rest[-shown:]}"


def _unauthorized(message: str, *, code: str | None = None) -> StripeError:
    return StripeError(401, message, code=code)
