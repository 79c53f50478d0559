"""A frozen worker may hold a lease locked; PostgreSQL is told to end such a session, so nobody waits for ever."""

import pytest
from django.db import connection


@pytest.mark.django_db
def test_postgresql_is_told_to_end_its_session():
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("30s",)
