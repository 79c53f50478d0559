"""Revoking a version of a secret: what uses it is given the successor, or it is refused; nothing breaks in silence."""

import pytest

from apps import selectors, services
from apps.models import Environment, Release, SecretVersion
from clusters.models import Work
from clusters.resolve import resolve
from paas.core.errors import Conflict, Forbidden, Invalid
from paas.core.models import AuditEvent

BLOCKS = [{"secret": {"name": "database"}}]


@pytest.fixture
def environment(project, owner):
    return services.create_environment(project=project, application="hello", name="production", actor=owner)


@pytest.fixture
def store(environment, owner):
    def put(value="first", name="database", **values):
        found = values or {"DATABASE_URL": value}
        return services.set_secret(environment=environment, name=name, values=found, actor=owner)

    return put


@pytest.fixture
def revoke(environment, owner):
    def go(name="database", actor=owner, **order):
        return services.revoke_secret(environment=environment, name=name, actor=actor, **order)

    return go


def delivered():
    """The name of the Secret that is desired, and the value that would be sent."""
    found = Work.objects.get(name="application").manifests
    [secret] = [each for each in found if each["body"]["kind"] == "Secret"]
    return secret["body"]["metadata"]["name"], resolve(secret["references"]["DATABASE_URL"]).decode()


def test_what_uses_it_gets_the_successor_in_the_same_act(store, deploy, revoke):
    store("first")
    deploy(blocks=BLOCKS)
    store("second")
    made = revoke(version=1, reason="leaked")
    [use] = made.used
    assert (str(use.environment), use.release.number, use.version, use.clusters) == (
        "hello/production",
        1,
        1,
        ("east",),
    )
    assert (made.release.number, made.release.secrets) == (2, {"database": 2})
    assert made.release.reason == "secret database v1 revoked: leaked"
    assert made.notes == ("database v1 was revoked: v2 is used instead.",)
    assert delivered() == ("hello-database-v2", "second")
    event = AuditEvent.objects.get(action="environment.secrets_renewed")
    assert (event.before["secrets"], event.after["secrets"]) == ({"database": 1}, {"database": 2})


def test_only_the_secret_changes(store, deploy, revoke, configure, project):
    store("first")
    deploy(blocks=BLOCKS, greeting="hi")
    configure(project, LEVEL="info", release=False)
    store("second")
    store("other", name="mail")
    made = revoke(version=1)
    assert made.release.spec["config"] == Release.objects.get(number=1).spec["config"]
    assert made.release.secrets == {"database": 2}


def test_what_nobody_uses_is_revoked_and_nothing_else_happens(store, deploy, revoke):
    store("first")
    store("second")
    deploy(blocks=BLOCKS)
    made = revoke(version=1)
    assert (made.versions, made.used, made.release, Release.objects.count()) == ((1,), (), None, 1)
    assert delivered() == ("hello-database-v2", "second")


@pytest.mark.parametrize("version", [1, None])
def test_without_a_successor_it_is_refused_and_says_what_uses_it(store, deploy, revoke, version):
    store("first")
    deploy(blocks=BLOCKS)
    with pytest.raises(Conflict) as refused:
        revoke(version=version)
    assert refused.value.code == "secret_in_use"
    assert refused.value.details["used"] == [
        {"environment": "hello/production", "release": 1, "version": 1, "clusters": ["east"]}
    ]
    assert SecretVersion.objects.get().revoked_at is None
    assert delivered() == ("hello-database-v1", "first")


def test_an_older_version_is_no_successor(store, deploy, revoke):
    store("first")
    store("second")
    deploy(blocks=BLOCKS)
    with pytest.raises(Conflict):
        revoke(version=2)


def test_who_says_so_revokes_it_all_the_same(store, deploy, revoke):
    store("first")
    deploy(blocks=BLOCKS)
    made = revoke(force=True)
    assert (made.versions, made.release) == ((1,), None)
    assert "has no successor" in made.notes[0]


def test_without_a_release_it_waits_for_the_next_deploy(store, deploy, revoke):
    store("first")
    deploy(blocks=BLOCKS)
    store("second")
    made = revoke(version=1, release=False)
    assert (made.release, Release.objects.count()) == (None, 1)
    assert "deploy it to use v2" in made.notes[0]
    assert deploy(blocks=BLOCKS).releases[0].secrets == {"database": 2}


def test_a_successor_that_lacks_a_key_is_refused_whole(store, deploy, revoke):
    store("first")
    deploy(blocks=[{"secret": {"name": "database", "keys": ["DATABASE_URL"]}}])
    store(OTHER="x")
    with pytest.raises(Invalid) as refused:
        revoke(version=1)
    assert refused.value.code == "secret_key_missing"
    assert not SecretVersion.objects.exclude(revoked_at=None).exists()


def test_of_an_environment_that_goes_all_is_revoked(store, deploy, revoke, environment, owner):
    store("first")
    deploy(blocks=BLOCKS)
    services.retire_environment(environment=environment, confirm="production", actor=owner)
    assert (revoke().versions, Release.objects.count()) == ((1,), 1)


def test_a_dry_run_shows_it_and_leaves_all_as_it_is(store, deploy, environment, owner):
    store("first")
    deploy(blocks=BLOCKS)
    store("second")
    seen = services.dry_run_revocation(environment=environment, name="database", version=1, actor=owner)
    assert seen.changed
    assert seen.notes[:2] == (
        "database v1 would be revoked.",
        "v1 is used by r1 of 'hello/production' on east",
    )
    assert [each.successor for each in seen.replaced] == [2]
    assert (Release.objects.count(), delivered()) == (1, ("hello-database-v1", "first"))
    assert not SecretVersion.objects.exclude(revoked_at=None).exists()


def test_who_may_not(store, revoke, viewer):
    store()
    with pytest.raises(Forbidden):
        revoke(actor=viewer)


def test_what_is_known_of_a_secret(store, deploy, revoke, environment, owner):
    store("first")
    deploy(blocks=BLOCKS)
    services.set_secret(environment=environment, name="database", values={"A": "b"}, max_age_days=30, actor=owner)
    store("third")
    SecretVersion.objects.filter(version=3).update(created_at="2020-01-01T00:00:00Z")
    [secret] = selectors.secrets_of(Environment.objects.get())
    assert (secret.current.version, secret.released, secret.version) == (3, 1, 3)
    assert (secret.latest.max_age_days, secret.overdue, secret.age.days > 2000) == (30, True, True)
    revoke(version=3)
    [secret] = selectors.secrets_of(Environment.objects.get())
    assert (secret.current.version, secret.version, secret.overdue) == (2, 4, False)
    revoke(force=True)
    [secret] = selectors.secrets_of(Environment.objects.get())
    assert (secret.current, secret.latest.version, secret.overdue) == (None, 3, False)


def test_no_limit_to_the_age_any_longer(store, environment, owner):
    order = {"environment": environment, "name": "database", "values": {"A": "b"}, "actor": owner}
    assert services.set_secret(**order, max_age_days=30).max_age_days == 30
    assert services.set_secret(**order).max_age_days == 30
    assert services.set_secret(**order, max_age_days=0).max_age_days is None


def test_values_in_a_store_outside(environment, deploy, owner, east):
    order = {"environment": environment, "name": "database", "actor": owner}
    services.set_secret(**order, store="vault", remote={"DATABASE_URL": "teams/crew/db#url"})
    east.secret_stores = {"vault": ["teams/{team}/*"]}
    east.save()
    release = deploy(blocks=BLOCKS).releases[0]
    assert release.secrets == {"database": 1}
    assert deploy(blocks=BLOCKS).unchanged == ("production",)
    found = {each["body"]["kind"]: each["body"] for each in Work.objects.get(name="application").manifests}
    assert found["ExternalSecret"]["metadata"]["name"] == "hello-database-v1"
    assert "Secret" not in found
    services.set_secret(**order, values={"DATABASE_URL": "here"})
    services.revoke_secret(**order, version=1)
    assert delivered() == ("hello-database-v2", "here")


@pytest.mark.parametrize(
    "wrong",
    [
        {"store": "vault"},
        {"remote": {"A": "b"}},
        {"store": "vault", "remote": {"A": "b"}, "values": {"A": "b"}},
        {"store": "vault", "remote": {"A": "../b"}},
        {"store": "vault", "remote": {"1A": "b"}},
        {"store": "Vault", "remote": {"A": "b"}},
        {},
    ],
)
def test_what_is_no_reference(environment, owner, wrong):
    with pytest.raises(Invalid) as refused:
        services.set_secret(environment=environment, name="database", actor=owner, **wrong)
    assert refused.value.code == "secret_invalid"
    assert not SecretVersion.objects.exists()
