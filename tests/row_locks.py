"""What two connections do to one row, as PostgreSQL tells it."""

from django.db import connection


def until_someone_waits_for_a_row():
    """Till PostgreSQL says so."""
    for _ in range(100_000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits")
