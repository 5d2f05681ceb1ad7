"""What requests to the API say: their bodies and queries, checked."""

from functools import cache
from typing import Any

from rest_framework.serializers import Serializer


def read_input(kind: type[Serializer[Any]], told: Any) -> dict[str, Any]:
    """The values of ``request.data`` or ``request.query_params``. Raises ``ValidationError`` naming the fields."""
    values: dict[str, Any] = _reader(kind).run_validation({} if told is None else told)
    return values


@cache
def _reader(kind: type[Serializer[Any]]) -> Serializer[Any]:
    """Kept, as making its fields takes longer than reading a body with them; reading leaves nothing in it."""
    return kind()
