"""Secrets: stored encrypted, pinned by releases, resolved for the loop alone, gone once revoked."""

import pytest
from django.db import connection

from apps import services
from apps.models import Environment, Release, SecretVersion
from clusters.models import Work
from clusters.resolve import SecretUnavailable, resolve
from paas.core.errors import Forbidden, Invalid, NotFound
from paas.core.models import AuditEvent

CANARY = "canary-of-the-vault"


@pytest.fixture
def environment(project, owner):
    return services.create_environment(project=project, application="hello", name="production", actor=owner)


@pytest.fixture
def store(environment, owner):
    def put(value=CANARY, name="database", key="DATABASE_URL", actor=owner):
        return services.set_secret(environment=environment, name=name, values={key: value}, actor=actor)

    return put


def references():
    found = Work.objects.get(name="application").manifests
    return next(each["references"] for each in found if each["body"]["kind"] == "Secret")


def test_a_value_is_nowhere_in_plain_sight(store, deploy):
    store()
    deploy(blocks=[{"secret": {"name": "database"}}])
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            assert not any(CANARY in row[0] for row in cursor.fetchall()), table
    assert resolve(references()["DATABASE_URL"]) == CANARY.encode()


def test_versions_count_up_and_a_release_pins_the_latest(store, deploy):
    assert [store().version, store("another").version] == [1, 2]
    deploy(blocks=[{"secret": {"name": "database"}}])
    assert Release.objects.get().secrets == {"database": 2}


def test_only_secrets_that_are_used_are_pinned(store, deploy):
    store()
    deploy()
    store("another")
    assert deploy().unchanged == ("production",)
    assert Release.objects.get().secrets == {}


def test_a_revoked_version_has_no_value_left(store, deploy, environment, owner):
    store()
    deploy(blocks=[{"secret": {"name": "database"}}])
    order = {"environment": environment, "name": "database", "actor": owner}
    assert services.revoke_secret(**order, force=True, reason="leaked").versions == (1,)
    with pytest.raises(SecretUnavailable):
        resolve(references()["DATABASE_URL"])
    assert SecretVersion.objects.get().values == "{}"
    assert AuditEvent.objects.get(action="secret.revoked").reason == "leaked"
    with pytest.raises(NotFound):
        services.revoke_secret(**order)


@pytest.mark.parametrize("reference", ["secret:", "secret:1/KEY", "secret:00000000-0000-0000-0000-000000000000/KEY"])
def test_a_reference_that_leads_nowhere(db, reference):
    with pytest.raises(SecretUnavailable):
        resolve(reference)


@pytest.mark.parametrize(
    ("name", "values", "code"),
    [
        ("database", {}, "secret_invalid"),
        ("database", {"1X": "a"}, "secret_invalid"),
        ("database", {"X": "a\x00b"}, "secret_invalid"),
        ("database", {"X": "\ud800"}, "secret_invalid"),
        ("database", {"X": "a" * 600_000}, "secret_too_large"),
        ("Data Base", {"X": "a"}, "secret_invalid"),
    ],
)
def test_what_is_refused(environment, owner, name, values, code):
    with pytest.raises(Invalid) as refused:
        services.set_secret(environment=environment, name=name, values=values, actor=owner)
    assert refused.value.code == code
    assert not SecretVersion.objects.exists()


def test_who_may_not(store, viewer, stranger):
    with pytest.raises(Forbidden):
        store(actor=viewer)
    with pytest.raises(NotFound):
        store(actor=stranger)
    assert not Environment.objects.get().secret_versions.exists()
