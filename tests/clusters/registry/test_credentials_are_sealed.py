"""A credential can be used and replaced, never read."""

import pytest
from django.db import connection

from clusters.models import ClusterCredential
from clusters.sessions import NoCredential, access_for


def test_the_database_holds_no_plain_secret(register):
    register(minter_token="canary-minter")
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(c)::text FROM clusters_clustercredential c")
        rows = [row for (row,) in cursor.fetchall()]
    assert len(rows) == 2
    assert not any("canary" in row for row in rows)


def test_nothing_that_is_printed_shows_a_secret(register):
    access = access_for(register(minter_token="canary-minter"))
    shown = " ".join([repr(access), str(access), repr(access.endpoint), *map(repr, ClusterCredential.objects.all())])
    assert "canary" not in shown
    assert access.endpoint.token == "canary-token"


def test_the_highest_version_is_in_force(register, operator):
    cluster = register(identity="uid-1")
    register(identity="uid-1", token="another", refresh=True)
    access = access_for(cluster)
    assert (access.version, access.endpoint.token) == (2, "another")


def test_a_cluster_without_a_minter_says_so(register):
    with pytest.raises(NoCredential):
        access_for(register(), "minter")
