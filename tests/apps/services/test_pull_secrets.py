"""A team's credentials for registries: owners store and revoke them, all its namespaces follow, nobody reads them."""

import json

import pytest

from apps import services
from apps.models import Placement, PullSecretVersion
from apps.selectors.pull_secrets import pull_secrets_of
from apps.services.tenants import renew_grounds
from clusters import resolve
from clusters.models import Work
from paas.core.errors import Forbidden, Invalid, NotFound
from paas.core.models import AuditEvent
from paas.identity import services as identity

WORD = "canary-of-the-registry"


@pytest.fixture
def store(team, owner):
    def go(registry="ghcr.io", username="bot", password=WORD, actor=owner, of=team):
        return services.set_pull_secret(team=of, registry=registry, username=username, password=password, actor=actor)

    return go


@pytest.fixture
def revoke(team, owner):
    def go(registry="ghcr.io", confirm=None, actor=owner, reason=""):
        confirm = registry if confirm is None else confirm
        return services.revoke_pull_secret(team=team, registry=registry, confirm=confirm, actor=actor, reason=reason)

    return go


def ground(cluster="east"):
    work = Work.objects.get(name="ground", cluster__name=cluster)
    return {each["body"]["kind"] + "/" + each["body"]["metadata"]["name"]: each for each in work.manifests}


def sent(cluster="east"):
    """What the loop would send: {registry: (username, password)}."""
    [reference] = ground(cluster)["Secret/dougong-pull"]["references"].values()
    auths = json.loads(resolve.resolve(reference))["auths"]
    return {registry: (each["username"], each["password"]) for registry, each in auths.items()}


def test_without_one_there_is_no_secret(deploy):
    deploy()
    assert not any(name.startswith("Secret/") for name in ground())
    assert "imagePullSecrets" not in ground()["ServiceAccount/app"]["body"]


def test_every_namespace_follows_and_what_runs_does_not_notice(deploy, store, west):
    deploy(clusters=("east", "west"))
    store()
    store("docker.io", "crew", "another-word")
    assert renew_grounds() == 1
    for cluster in ("east", "west"):
        assert sent(cluster) == {"ghcr.io": ("bot", WORD), "https://index.docker.io/v1/": ("crew", "another-word")}
        assert ground(cluster)["ServiceAccount/app"]["body"]["imagePullSecrets"] == [{"name": "dougong-pull"}]
    assert set(Work.objects.filter(name="application").values_list("generation", flat=True)) == {1}
    assert renew_grounds() == 0


def test_what_is_deployed_later_has_it_at_once(deploy, store):
    store()
    deploy()
    assert sent() == {"ghcr.io": ("bot", WORD)}
    assert not Placement.objects.get().ground_due


def test_a_replaced_one_is_forgotten_and_its_successor_sent_even_before_the_ground_follows(deploy, store):
    store()
    deploy()
    before = ground()["Secret/dougong-pull"]["references"]
    assert store(password="the next word").version == 2
    assert sent() == {"ghcr.io": ("bot", "the next word")}
    first = PullSecretVersion.objects.get(version=1)
    assert (first.password, first.revoked_at is None) == ("", False)
    renew_grounds()
    assert ground()["Secret/dougong-pull"]["references"] != before
    assert ground()["Secret/dougong-pull"]["body"]["metadata"]["name"] == "dougong-pull"


def test_a_revoked_one_is_taken_from_every_namespace(deploy, store, revoke, team):
    store()
    store("registry.example:5000")
    deploy()
    assert revoke(reason="it leaked") == 1
    assert set(sent()) == {"registry.example:5000"}
    renew_grounds()
    revoke("registry.example:5000")
    renew_grounds()
    # Empty, and not gone: a pod that names it would keep what it held.
    assert sent() == {}
    assert not PullSecretVersion.objects.filter(revoked_at=None).exists()
    assert {each.password for each in PullSecretVersion.objects.all()} == {""}
    assert [each.current for each in pull_secrets_of(team)] == [None, None]
    assert AuditEvent.objects.filter(action="pull_secret.revoked").first().after["grounds"] == 1


def test_it_is_told_of_the_team_without_the_password(store, revoke):
    store()
    revoke(reason="it leaked")
    stored, revoked = AuditEvent.objects.filter(action__startswith="pull_secret.").order_by("pk")
    assert (stored.object_name, stored.actor_name) == ("crew", "olga")
    assert stored.after == {"registry": "ghcr.io", "version": 1, "username": "bot", "grounds": 0}
    assert (revoked.reason, revoked.after["version"]) == ("it leaked", 1)
    assert WORD not in json.dumps([stored.after, revoked.after])


def test_the_typed_name_is_needed(store, revoke):
    store()
    with pytest.raises(Invalid) as refused:
        revoke(confirm="ghcr")
    assert refused.value.code == "not_confirmed"
    with pytest.raises(NotFound):
        revoke("registry.example")
    assert PullSecretVersion.objects.get().revoked_at is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"registry": "ghcr"}, {"registry": "https://ghcr.io"}, {"registry": "ghcr.io/crew"}, {"registry": "GHCR.io"},
        {"registry": ""}, {"username": " "}, {"username": "a\nb"}, {"password": ""}, {"password": "a\0b"},
        {"password": "x" * 20_000},
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused(store, wrong):
    with pytest.raises(Invalid) as refused:
        store(**wrong)
    assert refused.value.code == "pull_secret_invalid"
    assert WORD not in str(refused.value)
    assert not PullSecretVersion.objects.exists()


def test_owners_alone(store, revoke, person, team, viewer, stranger, operator):
    store()
    for actor in (viewer, person("dora", team, "developer"), operator):
        for act in (lambda who=actor: store(password="mine", actor=who), lambda who=actor: revoke(actor=who)):
            with pytest.raises(Forbidden):
                act()
    with pytest.raises(NotFound):
        store(actor=stranger)
    assert PullSecretVersion.objects.get().revoked_at is None


def test_other_teams_have_nothing_of_it(deploy, store, admin):
    deploy()
    other = identity.create_team(name="others", actor=admin)
    store(of=other, actor=admin)
    assert renew_grounds() == 0
    assert "Secret/dougong-pull" not in ground()
    assert resolve.resolve("pull:") == b'{"auths": {}}'


def test_a_process_with_credentials_or_an_account_of_its_own_has_the_team_s_too(deploy, store, owner, project):
    store()
    environment = services.create_environment(project=project, application="hello", name="production", actor=owner)
    services.set_secret(environment=environment, name="own", values={"DOCKERCONFIGJSON": "{}"}, actor=owner)
    deploy(blocks=[{"pull_secret": {"name": "own"}}])
    work = Work.objects.get(name="application")
    [pod] = [
        each["body"]["spec"]["template"]["spec"] for each in work.manifests if each["body"]["kind"] == "Deployment"
    ]
    assert [each["name"] for each in pod["imagePullSecrets"]][-1] == "dougong-pull"
    assert len(pod["imagePullSecrets"]) == 2
