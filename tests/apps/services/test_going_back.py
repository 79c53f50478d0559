"""Rollback: image, config and secret versions as they were, as a new release."""

import pytest

from apps import services
from apps.models import Environment, Release
from clusters.models import Work
from paas.core.errors import Conflict, Forbidden, NotFound
from paas.core.models import AuditEvent

SECRET = {"blocks": [{"secret": {"name": "database"}}]}


def body(kind):
    found = Work.objects.get(name="application").manifests
    return next((each["body"] for each in found if each["body"]["kind"] == kind), None)


def roll(owner, **given):
    return services.rollback(environment=Environment.objects.get(), actor=owner, **given)


def test_the_release_before(deploy, owner):
    deploy()
    deploy(greeting="hi", image=f"registry.example/hello@sha256:{'b' * 64}")
    made = roll(owner, reason="it broke")
    release = made.release
    assert (release.number, release.rolled_back_to.number, release.reason) == (3, 1, "it broke")
    assert body("ConfigMap")["data"] == {"GREETING": "hello"}
    container = body("Deployment")["spec"]["template"]["spec"]["containers"][0]
    assert container["image"].endswith("a" * 64)
    assert Work.objects.get(name="application").generation == 3
    event = AuditEvent.objects.get(action="environment.rolled_back")
    assert (event.before, event.after["of"], event.reason) == ({"release": 2}, 1, "it broke")


def test_a_named_release(deploy, owner):
    for greeting in ("one", "two", "three"):
        deploy(greeting=greeting)
    assert roll(owner, release=Release.objects.get(number=1)).release.rolled_back_to.number == 1
    assert body("ConfigMap")["data"] == {"GREETING": "one"}


def test_what_runs_already_and_what_is_not_there(deploy, owner):
    deploy()
    with pytest.raises(Conflict) as refused:
        roll(owner)
    assert refused.value.code == "nothing_to_roll_back"
    with pytest.raises(Conflict) as refused:
        roll(owner, release=Release.objects.get())
    assert refused.value.code == "already_running"
    assert Release.objects.count() == 1


def test_a_release_of_another_environment(deploy, owner, team):
    deploy()
    other = services.create_project(team=team, name="other", actor=owner)
    foreign = deploy(into=other, host="other.example").releases[0]
    environment = Environment.objects.get(application__project__name="demo")
    with pytest.raises(NotFound):
        services.rollback(environment=environment, release=foreign, actor=owner)


def test_who_may_not(deploy, viewer, stranger):
    deploy()
    deploy(greeting="hi")
    with pytest.raises(Forbidden):
        roll(viewer)
    with pytest.raises(NotFound):
        roll(stranger)


@pytest.fixture
def with_secret(project, owner, deploy):
    environment = services.create_environment(project=project, application="hello", name="production", actor=owner)

    def store(value):
        return services.set_secret(
            environment=environment, name="database", values={"DATABASE_URL": value}, actor=owner
        )

    store("first")
    deploy(**SECRET)
    store("second")
    deploy(**SECRET)
    return environment


def test_the_secret_version_of_its_time(with_secret, owner):
    assert body("Secret")["metadata"]["name"].endswith("-v2")
    made = roll(owner)
    assert body("Secret")["metadata"]["name"].endswith("-v1")
    assert (made.release.secrets, made.notes) == ({"database": 1}, ())


def test_a_revoked_version_is_replaced_by_its_successor_and_said(with_secret, owner, deploy):
    deploy(greeting="hi", **SECRET)
    services.revoke_secret(environment=with_secret, name="database", version=1, actor=owner)
    made = roll(owner, release=Release.objects.get(number=1))
    assert made.release.secrets == {"database": 2}
    assert made.notes == ("database v1 was revoked: v2 is used instead.",)
    assert [(each.name, each.version, each.successor) for each in made.replaced] == [("database", 1, 2)]


def test_the_dry_run_shows_the_successor_first(with_secret, owner, deploy):
    deploy(greeting="hi", **SECRET)
    services.revoke_secret(environment=with_secret, name="database", version=1, actor=owner)
    release = Release.objects.get(number=1)
    seen = services.dry_run_rollback(environment=with_secret, release=release, actor=owner)
    assert [(each.name, each.version, each.successor) for each in seen.replaced] == [("database", 1, 2)]
    assert seen.notes == ("database v1 was revoked: v2 is used instead.",)
    assert Release.objects.count() == 3


def test_without_a_successor_it_is_refused(with_secret, owner):
    services.revoke_secret(environment=with_secret, name="database", actor=owner, force=True)
    with pytest.raises(Conflict) as refused:
        roll(owner)
    assert refused.value.code == "secret_revoked"
    assert Release.objects.count() == 2


def test_no_task_is_run_again(deploy, owner):
    migrate = {"blocks": [{"task": {"name": "migrate", "cpu": "50m", "memory": "64Mi"}}]}
    deploy(**migrate)
    assert body("Job")["metadata"]["name"] == "hello-migrate-r1"
    deploy(greeting="hi", **migrate)
    assert body("Job")["metadata"]["name"] == "hello-migrate-r2"
    made = roll(owner)
    assert body("Job") is None
    assert any("migrate is not run" in note for note in made.notes)
    assert not deploy(**migrate).releases
    deploy(greeting="hey", **migrate)
    assert body("Job")["metadata"]["name"] == "hello-migrate-r4"
