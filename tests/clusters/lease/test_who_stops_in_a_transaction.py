"""A frozen worker may hold a lease locked; PostgreSQL is told to end such a session, so nobody waits for ever."""

import pytest
from django.db import DatabaseError, connection

from clusters import lease
from clusters.models import Cluster, Lease


@pytest.mark.django_db
def test_postgresql_is_told_to_end_its_session():
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("30s",)


@pytest.mark.django_db(transaction=True)
def test_another_takes_the_lease_that_it_has_locked():
    """With less patience than in life, so that nobody waits here."""
    cluster = Cluster.objects.create(name="east", server="https://east.test", ca_data="").pk
    lease.release(lease.take(cluster, "frozen"))
    frozen = connection.copy()
    try:
        with frozen.cursor() as cursor:
            cursor.execute("SET idle_in_transaction_session_timeout = '300ms'")
            frozen.set_autocommit(False)
            cursor.execute("SELECT 1 FROM clusters_lease WHERE cluster_id = %s FOR UPDATE", [cluster])
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '20s'")
            held = lease.take(cluster, "another")
            cursor.execute("RESET lock_timeout")
        assert Lease.objects.get(cluster=cluster).holder == held.holder
        with pytest.raises(DatabaseError, match="idle-in-transaction"):
            frozen.commit()
    finally:
        frozen.close()
