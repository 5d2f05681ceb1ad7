"""Statements that are worded once per process: the ORM takes longer to word a small one than PostgreSQL to answer it.

For paths that must be fast, nowhere else::

    _OF_APP = Prepared(lambda: Connection.objects.filter(app_id=given("app_id")))
    _OF_APP.first(app_id=app_id)
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, Generic, TypeVar

import orjson
from django.db import DEFAULT_DB_ALIAS, models
from django.db import connection as database

from connector import statements

_Row = TypeVar("_Row", bound=models.Model)


class _Given(models.Expression):
    """A value that is told when the statement runs, as psycopg takes it: a UUID, a string, a time."""

    def __init__(self, name: str, output_field: "models.Field[Any, Any] | None" = None) -> None:
        super().__init__(output_field=output_field or models.TextField())
        self.name = name

    def as_sql(self, *_: Any, **__: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


def given(name: str, output_field: "models.Field[Any, Any] | None" = None) -> Any:
    """The place of a value in a prepared query. Only arithmetic needs to know its field."""
    return _Given(name, output_field)


class Prepared(Generic[_Row]):
    """A query for rows of one model, annotations beside them. ``only`` and ``defer`` do as always, ``select_related``
    and the like have no effect.
    """

    def __init__(self, build: Callable[[], models.QuerySet[_Row, Any]]) -> None:
        self._build = build

    @cached_property
    def _worded(self) -> tuple[str, list[Any], "_Reader[_Row]"]:
        rows = self._build()
        compiler: Any = rows.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, values = compiler.as_sql()
        fields = [compiler.select[place][0].target for place in compiler.klass_info["select_fields"]]
        return sql, list(values), _Reader(rows.model, fields, list(rows.query.annotation_select))

    def all(self, **values: Any) -> list[_Row]:
        """The rows; ``values`` by the names of ``given``."""
        sql, parameters, reader = self._worded
        told: list[Any] = [values[one.name] if isinstance(one, _Given) else one for one in parameters]
        return [reader.read(columns) for columns in statements.rows(sql, told)]

    def first(self, **values: Any) -> _Row | None:
        """The first row, None where there is none; the query says in which order."""
        return next(iter(self.all(**values)), None)


def rows_from_json(model: type[_Row], rows: str | None) -> list[_Row]:
    """Whole rows that a statement about something else brings along, as ``json_agg`` writes them.

    What is no column becomes an attribute, as an annotation does. A decimal has to come as text: JSON's numbers are
    read as floats.
    """
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    read = []
    for told in orjson.loads(rows or "[]"):
        row = model.from_db(DEFAULT_DB_ALIAS, names, [field.to_python(told.pop(field.column)) for field in fields])
        vars(row).update(told)
        read.append(row)
    return read


class _Reader(Generic[_Row]):
    """Makes rows as the ORM does, but finds out once how.

    https://docs.djangoproject.com/en/5.2/howto/custom-model-fields/#converting-values-to-python-objects
    """

    def __init__(self, model: type[_Row], fields: "list[models.Field[Any, Any]]", annotations: list[str]) -> None:
        self._model, self._annotations = model, annotations
        self._names = [field.attname for field in fields]
        self._convert = [
            (place, field.from_db_value) for place, field in enumerate(fields) if hasattr(field, "from_db_value")
        ]

    def read(self, columns: Iterable[Any]) -> _Row:
        values = list(columns)
        for place, convert in self._convert:
            values[place] = convert(values[place], None, database)
        own = len(self._names)
        row = self._model.from_db(DEFAULT_DB_ALIAS, self._names, values[:own])
        for name, value in zip(self._annotations, values[own:], strict=True):
            setattr(row, name, value)
        return row


class PreparedUpdate:
    """``UPDATE`` of some fields of one row, by its primary key, where ``condition`` (SQL) holds as well.

    ``then`` is a list of further ``WITH`` queries that go with it in the same statement; they see the row, if it was
    written, as ``saved``, which has what ``returning`` says; without them that is the answer of ``save_and_read``.
    """

    def __init__(
        self,
        model: type[models.Model],
        names: Iterable[str],
        *,
        condition: str = "true",
        returning: str = "1",
        then: str = "",
    ) -> None:
        wanted = set(names)
        self._fields = [field for field in model._meta.concrete_fields if field.name in wanted]
        columns = ", ".join(f'"{field.column}" = %s' for field in self._fields)
        key = model._meta.pk.column
        update = f'UPDATE "{model._meta.db_table}" SET {columns} WHERE "{key}" = %s AND {condition}'  # noqa: S608
        update = f"{update} RETURNING {returning}"
        self._sql = f"WITH saved AS ({update}), {then} SELECT FROM saved" if then else update

    def save(self, row: models.Model, *further: Any) -> bool:
        """Write the row's present values; ``further`` are those of ``returning`` and ``then``. False where
        ``condition`` is not met.
        """
        return self.save_and_read(row, *further) is not None

    def save_and_read(self, row: models.Model, *further: Any) -> tuple[Any, ...] | None:
        """As ``save``, and what ``returning`` says of the row; None where ``condition`` is not met."""
        values = [_as_parameter(field, getattr(row, field.attname)) for field in self._fields]
        return next(iter(statements.rows(self._sql, [*values, row.pk, *further])), None)


_PLAIN = {
    models.BooleanField,
    models.CharField,
    models.DateTimeField,
    models.FloatField,
    models.PositiveSmallIntegerField,
    models.TextField,
    models.URLField,
}
"""Fields whose values psycopg takes as they are."""


def _as_parameter(field: "models.Field[Any, Any]", value: Any) -> Any:
    if type(field) in _PLAIN:
        return value
    if type(field) is models.JSONField and value is not None:
        return orjson.dumps(value).decode()
    return field.get_db_prep_save(value, database)
