"""Secrets: a type that masks itself everywhere, and a model field that is encrypted at rest."""

from functools import cache, lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.core.signals import setting_changed
from django.db import models

from connector.configuration import option


class Secret:
    """A value that shows itself only through ``reveal()``: not in logs, templates, tracebacks, JSON or pickles."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret('••••')"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> Any:
        raise TypeError("A Secret does not travel: pass the id of the row that holds it.")


@cache
def _cipher() -> MultiFernet:
    """The first key encrypts, all decrypt: https://cryptography.io/en/latest/fernet/#cryptography.fernet.MultiFernet"""
    return MultiFernet([Fernet(key.strip()) for key in option("FIELD_ENCRYPTION_KEYS")])


def encrypt(value: str) -> bytes:
    return _cipher().encrypt(value.encode())


@lru_cache(maxsize=1024)
def decrypt(token: bytes) -> str:
    """Each token once per process: every click needs the same key, which a loaded connection has in memory anyway."""
    return _cipher().decrypt(token).decode()


def _forget_cipher(*, setting: str, **_: object) -> None:
    if setting == "ENGAGE_STRIPE":
        _cipher.cache_clear()
        decrypt.cache_clear()


setting_changed.connect(_forget_cipher)


class EncryptedField(models.BinaryField):  # type: ignore[type-arg]
    """A ``Secret`` in Python, a Fernet token in the database. Empty secrets are stored as NULL."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"null": True, "blank": True, "editable": False, **kwargs})

    def from_db_value(self, value: Any, *_: object) -> Secret:
        return Secret(decrypt(bytes(value)) if value is not None else "")

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Secret):
            return encrypt(value.reveal()) if value else None
        return super().get_prep_value(value)

    def get_default(self) -> Secret:
        return Secret("")
