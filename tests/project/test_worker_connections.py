"""The worker's database connection outlives a task, and a broken one does not."""

import pytest
from celery.signals import task_prerun
from django.db import connection

import engage_stripe.celery  # noqa: F401  connects the signal


@pytest.mark.django_db(transaction=True)
def test_it_connects_again_where_postgresql_closed_the_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    task_prerun.send(sender=None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone() == (pid,)

    connection.connection.close()  # as when PostgreSQL restarts
    task_prerun.send(sender=None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone() != (pid,)
