"""How statements select what the mirror and the traits hold: in the shapes that the facts have."""

from dataclasses import fields

from django.db import models


def as_stored(model: type[models.Model], alias: str, names: tuple[str, ...]) -> str:
    """Columns as the facts have them: times in epoch seconds, dates as text."""
    return ", ".join(f'{_expression(model, alias, name)} AS "{name}"' for name in names)


def _expression(model: type[models.Model], alias: str, name: str) -> str:
    column = f'{alias}."{name}"'
    field = model._meta.get_field(name)
    if isinstance(field, models.DateTimeField):
        return f"date_part('epoch', {column})::bigint"
    return f"{column}::text" if isinstance(field, models.DateField) else column


def fact_values(model: type[models.Model], fact: type, alias: str) -> str:
    """A fact's fields in order, as the fact has them."""
    return ", ".join(_expression(model, alias, one.name) for one in fields(fact))
