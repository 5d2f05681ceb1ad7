"""Statements that are worded once per process: the ORM takes longer to word a small one than PostgreSQL to answer it.

For paths that must be fast, nowhere else::

    _OF_APP = Prepared(lambda: Connection.objects.filter(app_id=given("app_id")))
    _OF_APP.first(app_id=app_id)
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection as database
from django.db import models

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
    """A query over one model, without ``select_related`` and ``prefetch_related``."""

    def __init__(self, build: Callable[[], models.QuerySet[_Row]]) -> None:
        self._build = build

    @cached_property
    def _worded(self) -> tuple[type[_Row], str, list[Any]]:
        rows = self._build()
        sql, values = rows.query.sql_with_params()
        return rows.model, sql, list(values)

    def all(self, **values: object) -> list[_Row]:
        """The rows; ``values`` by the names of ``given``."""
        model, sql, parameters = self._worded
        told = [values[one.name] if isinstance(one, _Given) else one for one in parameters]
        return list(model._default_manager.raw(sql, told))  # noqa: SLF001  the documented way to any model's rows

    def first(self, **values: object) -> _Row | None:
        """The first row, None where there is none; the query says in which order."""
        return next(iter(self.all(**values)), None)


class PreparedUpdate:
    """``UPDATE`` of some fields of one row, by its primary key, where ``condition`` (SQL) holds as well."""

    def __init__(self, model: type[models.Model], names: Iterable[str], *, condition: str = "true") -> None:
        wanted = set(names)
        self._fields = [field for field in model._meta.concrete_fields if field.name in wanted]
        columns = ", ".join(f'"{field.column}" = %s' for field in self._fields)
        key = model._meta.pk.column
        self._sql = f'UPDATE "{model._meta.db_table}" SET {columns} WHERE "{key}" = %s AND {condition}'  # noqa: S608

    def save(self, row: models.Model) -> bool:
        """Write the row's present values. False where the condition does not hold."""
        values = [field.get_db_prep_save(getattr(row, field.attname), database) for field in self._fields]
        with database.cursor() as cursor:
            cursor.execute(self._sql, [*values, row.pk])
            return bool(cursor.rowcount)
