"""Copying validated parameters into stored objects."""

from __future__ import annotations

from typing import Any

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid

ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
MAX_METADATA_KEYS = 50
MAX_METADATA_KEY = 40
MAX_METADATA_VALUE = 500


def assign(obj: Obj, params: dict[str, Any], names: str) -> None:
    """Copy the named parameters that the request gave; None unsets."""
    for name in names.split():
        if name in params:
            obj[name] = params[name]


def address_hash(given: dict[str, Any]) -> Obj:
    """An address with every field, null where the request gave none."""
    return {name: given.get(name) for name in ADDRESS}


def merge_metadata(obj: Obj, params: dict[str, Any]) -> None:
    """Merge `metadata`: an empty value drops its key, an empty `metadata` drops all.

    https://docs.stripe.com/api/metadata: at most 50 keys of 40 characters, values of 500.
    """
    if "metadata" not in params:
        return
    given = params["metadata"]
    merged = {} if given is None else {**obj["metadata"], **given}
    kept = {key: value for key, value in merged.items() if value is not None}
    _check_metadata(kept)
    obj["metadata"] = kept


def _check_metadata(metadata: dict[str, str]) -> None:
    if len(metadata) > MAX_METADATA_KEYS:
        raise invalid(
            f"Metadata can have at most {MAX_METADATA_KEYS} keys; you have {len(metadata)}.",
            param="metadata",
        )
    for key, value in metadata.items():
        if len(key) > MAX_METADATA_KEY:
            raise invalid(
                f"Metadata keys can be at most {MAX_METADATA_KEY} characters long, but you passed '{key}'.",
                param="metadata",
            )
        if len(value) > MAX_METADATA_VALUE:
            raise invalid(
                f"Metadata values can be at most {MAX_METADATA_VALUE} characters, but the value for "
                f"'{key}' is {len(value)}.",
                param=f"metadata[{key}]",
            )
