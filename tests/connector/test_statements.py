"""Fixed SQL as prepared statements: as safe as by Django's cursors."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import (
    DEFAULT_DB_ALIAS,
    DataError,
    IntegrityError,
    OperationalError,
    connection,
    connections,
    transaction,
)
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from connector import statements
from tests.factories import make_app

_SESSION = "SELECT pg_backend_pid()"


@pytest.mark.django_db
def test_it_answers_rows_and_how_many_were_written() -> None:
    tenant = make_app()

    assert statements.rows("SELECT %s::int + 1, %s", [1, "a"]) == [(2, "a")]
    assert statements.rows("SELECT 1 WHERE %s", [False]) == []
    assert statements.execute("UPDATE standalone_app SET name = 'New' WHERE id = %s", [tenant.id]) == 1
    assert statements.execute("UPDATE standalone_app SET name = %(name)s WHERE false", {"name": "None"}) == 0


@pytest.mark.django_db
def test_it_lets_those_see_its_statements_who_listen_to_django_s() -> None:
    seen = []
    with CaptureQueriesContext(connection) as captured:
        statements.rows("SELECT %s::text", ["logged"])
    with connection.execute_wrapper(lambda run, sql, *rest: (seen.append(sql), run(sql, *rest))[1]):
        statements.execute("SELECT %s::text", ["wrapped"])

    assert [query["sql"] for query in captured] == ["SELECT 'logged'::text"]
    assert seen == ["SELECT %s::text"]


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_in_the_next_session_where_one_has_ended() -> None:
    [(before,)] = statements.rows(_SESSION)
    connection.close()

    [(after,)] = statements.rows(_SESSION)

    assert after != before
    with connection.cursor() as cursor:
        cursor.execute(_SESSION)
        assert cursor.fetchone() == (after,)


@pytest.mark.django_db(transaction=True)
def test_it_runs_in_the_session_of_its_own_thread() -> None:
    def session_of_thread() -> tuple[int, int]:
        try:
            [(kept,)] = statements.rows(_SESSION)
            with connection.cursor() as cursor:
                cursor.execute(_SESSION)
                return kept, cursor.fetchone()[0]
        finally:
            connection.close()

    [(here,)] = statements.rows(_SESSION)
    with ThreadPoolExecutor(1) as thread:
        kept, own = thread.submit(session_of_thread).result()

    assert kept == own != here


@pytest.mark.django_db(transaction=True)
def test_it_ends_with_the_transaction_that_it_was_in() -> None:
    tenant = make_app(name="Before")

    @transaction.atomic
    def rename_and_fail() -> None:
        statements.execute("UPDATE standalone_app SET name = 'After' WHERE id = %s", [tenant.id])
        statements.rows("SELECT 1 / %s::int", [0])

    with pytest.raises(DataError):
        rename_and_fail()

    assert statements.rows("SELECT name FROM standalone_app WHERE id = %s", [tenant.id]) == [("Before",)]


@pytest.mark.django_db
def test_it_refuses_what_django_refuses_after_an_error() -> None:
    tenant = make_app()
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic(savepoint=False):
            statements.execute(
                "INSERT INTO standalone_app SELECT * FROM standalone_app WHERE id = %s", [tenant.id]
            )
        with pytest.raises(TransactionManagementError):
            statements.rows("SELECT 1")
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_it_takes_values_of_any_type_in_the_same_place() -> None:
    told = [1, 40_000, 3_000_000_000, None, 7]

    assert [statements.rows("SELECT %s::bigint", [value]) for value in told] == [[(value,)] for value in told]


@pytest.mark.django_db
def test_it_takes_values_by_name_as_often_as_they_are_named() -> None:
    values = {"text": "50 %", "number": 2, "unused": 1}

    told = statements.rows("SELECT %(text)s || '%%', %(number)s::int, %(text)s::text", values)

    assert told == [("50 %%", 2, "50 %")]


@pytest.mark.django_db(transaction=True)
def test_it_plans_a_statement_once_also_after_a_transaction_was_taken_back() -> None:
    wording = "SELECT %s::text /* planned once */"
    with transaction.atomic():
        statements.rows(wording, ["first"])
        transaction.set_rollback(True)
    for _ in range(9):
        statements.rows(wording, ["again"])

    with connection.cursor() as cursor:
        cursor.execute("SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE '%%planned once%%'")
        assert [count for (count,) in cursor.fetchall() if count] == [5]


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_in_a_session_that_another_thread_has_used() -> None:
    statements.rows("SELECT %s::text", ["here"])
    theirs = connections[DEFAULT_DB_ALIAS]

    def use_it() -> list[tuple[Any, ...]]:
        own = connections[DEFAULT_DB_ALIAS]
        connections[DEFAULT_DB_ALIAS] = theirs
        try:
            return statements.rows("SELECT %s::text", ["there"])
        finally:
            connections[DEFAULT_DB_ALIAS] = own
            theirs.dec_thread_sharing()

    theirs.inc_thread_sharing()
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(use_it).result() == [("there",)]


@pytest.mark.django_db(transaction=True)
def test_it_raises_djangos_errors_once_the_server_has_ended_the_session() -> None:
    [(session,)] = statements.rows(_SESSION)
    with ThreadPoolExecutor(1) as thread:
        thread.submit(_end, session).result()

    with pytest.raises(OperationalError):
        statements.rows(_SESSION)

    connection.close()
    assert statements.rows("SELECT 1") == [(1,)]


def _end(session: int) -> None:
    try:
        statements.execute("SELECT pg_terminate_backend(%s)", [session])
    finally:
        connection.close()
