"""Rotation of the field encryption key."""

from collections.abc import Iterator

from django.apps import apps
from django.db import models, transaction

from connector.crypto import EncryptedField

_BATCH = 500


def reencrypt_everything() -> int:
    """Encrypt every secret of every model with the first key, in batches; answers how many rows were written."""
    return sum(_reencrypt(model, names) for model, names in _encrypted_models())


def _encrypted_models() -> Iterator[tuple[type[models.Model], list[str]]]:
    for model in apps.get_models():
        names = [field.name for field in model._meta.concrete_fields if isinstance(field, EncryptedField)]
        if names:
            yield model, names


def _reencrypt(model: type[models.Model], names: list[str]) -> int:
    """Reading decrypts with any key, writing encrypts with the first. Locked, so no newer secret is undone."""
    ids = list(model._base_manager.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), _BATCH):
        with transaction.atomic():
            rows = model._base_manager.select_for_update().filter(pk__in=ids[start : start + _BATCH])
            model._base_manager.bulk_update(rows, names)
    return len(ids)
