"""A frozen worker may hold a lease locked; PostgreSQL ends such a session, so that nobody waits for it for ever."""

import pytest
from django.db import connection


@pytest.mark.django_db
def test_its_session_is_ended_by_postgresql():
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("30s",)
