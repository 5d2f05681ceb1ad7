"""How the database backend finds out that a kept connection is gone."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db


def test_it_asks_nothing_of_a_server_that_is_there() -> None:
    kept = connection.copy()
    kept.ensure_connection()
    with CaptureQueriesContext(kept) as captured:
        assert kept.is_usable()
    kept.close()
    assert len(captured) == 0


def test_it_notices_that_the_server_has_ended_the_session() -> None:
    kept = connection.copy()
    kept.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [kept.connection.info.backend_pid])

    assert not kept.is_usable()

    kept.close()
    assert not kept.is_usable()
