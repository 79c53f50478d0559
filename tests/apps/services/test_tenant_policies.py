"""What teams get on clusters: an operator says it, and the grounds that it reaches follow, and nothing else."""

import threading

import pytest
from django.db import connection, transaction

from apps import services
from apps.models import Environment, Placement, TenantPolicy
from apps.selectors.tenants import share, tenants, usage
from apps.services.tenants import renew_grounds
from clusters.models import Lane, Work
from paas.core.errors import Forbidden, Invalid, NotFound
from paas.core.models import AuditEvent
from paas.identity import services as identity

DEFAULT = {
    "requests.cpu": "32", "requests.memory": "128Gi", "pods": "250", "requests.storage": "1Ti",
    "persistentvolumeclaims": "100",
}  # fmt: skip


@pytest.fixture
def say(operator):
    """say(team, cluster, cpu="8") as an operator."""

    def go(team=None, cluster=None, actor=operator, reason="", groups=None, **figures):
        return services.set_tenant_policy(
            team=team, cluster=cluster, figures=figures, groups=groups, actor=actor, reason=reason
        )

    return go


def quota(cluster="east", environment="production"):
    work = Work.objects.get(name="ground", cluster__name=cluster, owner_name__endswith=environment)
    return next(each["body"]["spec"]["hard"] for each in work.manifests if each["body"]["kind"] == "ResourceQuota")


def generations():
    return dict(Work.objects.values_list("name", "generation"))


def test_a_namespace_has_the_figures_of_the_platform_at_first(deploy):
    deploy()
    assert quota() == DEFAULT


def test_the_ground_follows_and_what_runs_does_not_notice(deploy, say, team):
    deploy()
    Work.objects.update(settled_generation=1, observed_generation=1)
    held = say(team, cpu="8", pods=20, reason="a small team")
    assert (held.grounds, held.version, held.figures) == (1, 1, {"cpu": "8", "pods": 20})
    assert quota() == DEFAULT
    assert renew_grounds() == 1
    assert quota() == {**DEFAULT, "requests.cpu": "8", "pods": "20"}
    assert generations() == {"ground": 2, "application": 1}
    ground = Work.objects.get(name="ground")
    assert ground.lane == Lane.DRIFT
    assert Work.objects.get(name="application").waits_for.get() == ground
    assert renew_grounds() == 0


def test_it_is_told_of_the_team_with_its_reason_and_of_each_environment(deploy, say, team, operator):
    deploy()
    say(team, cpu="8", reason="a small team")
    renew_grounds()
    event = AuditEvent.objects.get(action="tenant_policy.changed")
    assert (event.actor_name, event.object_name, event.reason) == ("oscar", "crew", "a small team")
    assert event.before == {"of": "crew", "figures": {}, "groups": {}}
    assert event.after == {"of": "crew", "figures": {"cpu": "8"}, "groups": {}, "grounds": 1}
    renewed = AuditEvent.objects.get(action="environment.ground_renewed")
    assert (renewed.object_id, renewed.after) == (str(Environment.objects.get().pk), {"clusters": ["east"]})


def test_what_is_deployed_later_has_it_at_once(deploy, say, team, east):
    say(team, east, memory="4Gi")
    deploy()
    assert quota()["requests.memory"] == "4Gi"
    assert renew_grounds() == 0


def test_the_narrower_layer_wins_and_gives_way_again(deploy, say, team, east, west):
    deploy(clusters=("east", "west"))
    say(None, pods=10)
    say(None, east, pods=11)
    say(team, pods=12)
    say(team, east, pods="unlimited")
    renew_grounds()
    assert "pods" not in quota("east")
    assert quota("west")["pods"] == "12"
    for left, expected in ((team, "12"), (None, "12")):
        say(left, east, pods=None)
        renew_grounds()
        assert quota("east")["pods"] == expected
    say(team, pods=None)
    renew_grounds()
    assert quota("east")["pods"] == quota("west")["pods"] == "10"


def test_who_said_what_is_shown(deploy, say, team, east, west):
    deploy()
    say(None, east, pods=11)
    say(team, cpu="4")
    found = {each.cluster.name: each for each in tenants(team)}
    assert (found["east"].environments, found["west"].environments) == (1, 0)
    said = {name: (each.value, each.layer) for name, each in found["east"].figures.items()}
    assert said["pods"] == (11, "all teams on east")
    assert said["cpu"] == ("4", "crew")
    assert said["egress"] == ("closed", "")


def bindings(cluster="east"):
    """{name: (role, groups)} of what the ground binds to groups."""
    work = Work.objects.get(name="ground", cluster__name=cluster)
    found = [each["body"] for each in work.manifests if each["body"]["kind"] == "RoleBinding"]
    return {
        each["metadata"]["name"]: (each["roleRef"]["name"], [subject["name"] for subject in each["subjects"]])
        for each in found
        if each["metadata"]["name"] not in ("dougong-writer", "dougong-team-exec")
    }


def grant(cluster, revision):
    cluster.facts["grants"] = revision
    cluster.save()


def test_groups_of_the_directory_are_let_in(deploy, say, team, east):
    grant(east, 2)
    say(None, groups={"auditors": "view"})
    say(team, groups={"crew-dev": "edit", "crew-look": "view"})
    deploy()
    assert bindings() == {
        "dougong-team-edit": ("edit", ["crew-dev"]),
        "dougong-team-view": ("view", ["auditors", "crew-look"]),
    }
    say(team, east, groups={"auditors": "none", "crew-dev": "view"})
    renew_grounds()
    assert bindings() == {"dougong-team-view": ("view", ["crew-dev", "crew-look"])}
    say(team, east, groups={"auditors": None})
    say(team, groups={"crew-look": None})
    renew_grounds()
    assert bindings() == {"dougong-team-view": ("view", ["auditors", "crew-dev"])}


def test_groups_wait_until_the_cluster_is_joined_again(deploy, say, team, east):
    grant(east, 1)
    say(team, cpu="8", groups={"crew-dev": "edit"})
    deploy()
    assert (bindings(), quota()["requests.cpu"]) == ({}, "8")
    assert [each.waits for each in tenants(team)] == [True]
    assert renew_grounds() == 0
    grant(east, 2)
    assert renew_grounds() == 1
    assert bindings() == {"dougong-team-edit": ("edit", ["crew-dev"])}
    assert [each.waits for each in tenants(team)] == [False]
    assert renew_grounds() == 0


def test_an_image_of_another_registry_is_refused_at_once(deploy, say, team, east):
    deploy()
    say(team, east, registries="registry.example,ghcr.io/crew")
    renew_grounds()
    deploy(greeting="hi")
    image = f"docker.io/envoy@sha256:{'b' * 64}"
    side = {"sidecar": {"process": "web", "name": "proxy", "image": image, "cpu": "10m", "memory": "16Mi"}}
    with pytest.raises(Forbidden) as refused:
        deploy(blocks=[side])
    assert refused.value.code == "registry_not_allowed"
    assert "docker.io/envoy" in str(refused.value)
    assert generations() == {"ground": 2, "application": 2}
    say(team, east, registries="unlimited")
    deploy(blocks=[side])


def test_the_team_s_account_comes_when_the_cluster_is_joined_again(deploy, east):
    def accounts():
        work = Work.objects.get(name="ground")
        return {each["body"]["metadata"]["name"] for each in work.manifests if each["body"]["kind"] == "ServiceAccount"}

    deploy()
    assert accounts() == {"app"}
    assert renew_grounds() == 0
    grant(east, 2)
    assert renew_grounds() == 1
    assert accounts() == {"app", "dougong-team"}
    assert renew_grounds() == 0


def test_figures_do_not_wait_for_groups(deploy, say, team, east):
    deploy()
    say(team, cpu="8", groups={"crew-dev": "edit"})
    assert renew_grounds() == 1
    assert (bindings(), quota()["requests.cpu"]) == ({}, "8")
    assert renew_grounds() == 0


def test_other_teams_are_not_reached(deploy, say, admin, east):
    deploy()
    other = identity.create_team(name="others", actor=admin)
    assert say(other, cpu="1").grounds == 0
    assert renew_grounds() == 0
    assert quota() == DEFAULT


def test_saying_it_again_is_no_change(deploy, say, team):
    deploy()
    say(team, cpu="8")
    renew_grounds()
    held = say(team, cpu="8", pods=None)
    assert (held.version, held.grounds) == (1, 0)
    assert AuditEvent.objects.filter(action="tenant_policy.changed").count() == 1


def test_a_change_that_makes_no_difference_makes_no_generation(deploy, say, team, east):
    deploy()
    say(team, east, cpu="32")
    assert renew_grounds() == 1
    assert generations() == {"ground": 1, "application": 1}
    assert not AuditEvent.objects.filter(action="environment.ground_renewed").exists()


def test_only_operators_say_it(deploy, say, team, owner, stranger):
    with pytest.raises(Forbidden) as refused:
        say(team, cpu="999", actor=owner)
    assert refused.value.code == "operator_required"
    with pytest.raises(Forbidden):
        say(None, cpu="999", actor=owner)
    with pytest.raises(NotFound):
        say(team, cpu="999", actor=stranger)
    assert not TenantPolicy.objects.exists()


def test_what_is_wrong_is_told_whole_and_changes_nothing(say, team):
    with pytest.raises(Invalid) as refused:
        say(team, cpu="8", memory="much", pods="-1", gpu="1", groups={"system:masters": "view", "crew-dev": "admin"})
    assert refused.value.code == "tenant_policy_invalid"
    assert {each["path"] for each in refused.value.details["errors"]} == {
        "figures.memory", "figures.pods", "figures.gpu", "groups.system:masters", "groups.crew-dev",
    }  # fmt: skip
    with pytest.raises(Invalid):
        say(team)
    assert not TenantPolicy.objects.exists()


def test_a_ground_that_cannot_be_rendered_does_not_keep_the_others_from_it(deploy, say, team, monkeypatch):
    deploy()
    deploy(name="other", host="other.example")
    say(team, cpu="8")
    broken = Environment.objects.get(application__name="hello")
    Environment.objects.filter(pk=broken.pk).update(namespace="no/namespace")
    assert renew_grounds() == 2
    assert Placement.objects.get(ground_due=True).environment == broken
    Environment.objects.filter(pk=broken.pk).update(namespace=broken.namespace)
    assert renew_grounds() == 1
    assert generations_of("ground") == {2}


def generations_of(name):
    return set(Work.objects.filter(name=name).values_list("generation", flat=True))


def test_what_is_being_removed_is_left_alone(deploy, say, team, owner):
    deploy()
    services.retire(application=Environment.objects.get().application, confirm="hello", actor=owner)
    before = generations()
    say(team, cpu="8")
    renew_grounds()
    assert generations() == before


@pytest.mark.django_db(transaction=True)
def test_who_has_read_the_old_figures_is_awaited(deploy, say, team):
    """A deploy that is under way is reached too, though its namespace is not there yet for others to see."""
    written, go_on = threading.Event(), threading.Event()

    def slowly():
        with transaction.atomic():
            deploy()
            written.set()
            go_on.wait(20)
        connection.close()

    def change():
        reached.append(say(team, cpu="8").grounds)
        connection.close()

    reached = []
    threads = [threading.Thread(target=each) for each in (slowly, change)]
    threads[0].start()
    assert written.wait(20)
    threads[1].start()
    until_someone_waits()
    go_on.set()
    for each in threads:
        each.join(20)
    assert reached == [1]
    renew_grounds()
    assert quota()["requests.cpu"] == "8"


def until_someone_waits():
    """Till PostgreSQL says that an advisory lock is waited for."""
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    for _ in range(100_000):
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits")


def test_how_full_quotas_are_the_fullest_first(deploy, team, west):
    deploy(clusters=("east", "west"))
    for cluster, used in (("east", {"pods": "3", "requests.cpu": "500m"}), ("west", {"pods": "200"})):
        hard = {"pods": "250", "requests.cpu": "2", "count/secrets": "9"}
        entry = {"id": "core/ResourceQuota/ns/dougong-quota", "hard": hard, "used": used}
        Work.objects.filter(name="ground", cluster__name=cluster).update(reported={"Quota": [entry]})
    found = usage(team)
    assert [(each.environment, each.cluster) for each in found] == [
        ("demo/hello/production", "west"), ("demo/hello/production", "east"),
    ]  # fmt: skip
    assert found[1].figures == {"cpu": ("500m", "2"), "pods": ("3", "250")}
    assert [float(each.fullest) for each in found] == [0.8, 0.25]


def test_a_limit_of_nothing_is_full():
    assert share("0", "0") == 1
