"""On which clusters an environment runs, and what happens where it no longer does."""

import pytest

from apps import services
from apps.models import Environment, Placement, RouteClaim
from apps.selectors.targets import differing
from clusters.models import Cluster, Work
from paas.core.errors import Refusal
from paas.identity.models import Team

EU = {"environments": {"production": {"selector": {"region": "eu"}}}}


def here():
    return sorted(Placement.objects.values_list("cluster__name", flat=True))


def intents():
    return {(work.cluster.name, work.name): work.intent for work in Work.objects.select_related("cluster")}


def code_of(deploy, **given):
    with pytest.raises(Refusal) as refused:
        deploy(**given)
    assert not Environment.objects.exists()
    return refused.value.code


def test_by_name(deploy, west):
    deploy(clusters=["west", "east"])
    assert here() == ["east", "west"]


def test_by_label(deploy, west, make_cluster):
    make_cluster("north", labels={"region": "eu", "tier": "gold"})
    deploy(**EU)
    assert here() == ["east", "north"]
    assert Environment.objects.get().placement == {"selector": {"region": "eu"}}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"cordoned": True}, "cluster_cordoned"),
        ({"suspended": True}, "cluster_suspended"),
        ({"leaving": True}, "cluster_leaving"),
        ({"facts": {}}, "cluster_not_seen"),
        ({"conditions": [{"type": "IdentityConfirmed", "status": "False"}]}, "cluster_not_ready"),
    ],
)
def test_a_cluster_that_takes_nothing_new(deploy, fields, code):
    Cluster.objects.update(**fields)
    assert code_of(deploy) == code
    assert code_of(deploy, **EU) == "no_cluster_matched"


def test_a_cluster_that_the_team_is_not_granted(deploy, west, operator):
    """Closed to all teams, one is opened to ours; what is there already stays and is edited."""
    close = services.set_tenant_policy
    close(team=None, cluster=None, figures={"placement": "closed"}, actor=operator)
    assert code_of(deploy) == "cluster_not_granted"
    assert code_of(deploy, **EU) == "no_cluster_matched"
    team = Team.objects.get(name="crew")
    close(team=team, cluster=Cluster.objects.get(name="east"), figures={"placement": "open"}, actor=operator)
    deploy(**EU)
    assert here() == ["east"]
    Cluster.objects.filter(name="west").update(labels={"region": "eu"})
    assert differing(Environment.objects.get()) == ([], [])
    close(team=team, cluster=Cluster.objects.get(name="east"), figures={"placement": None}, actor=operator)
    assert len(deploy(greeting="hi", **EU).releases) == 1
    with pytest.raises(Refusal, match="west"):
        deploy(clusters=["east", "west"])


def test_an_unknown_cluster(deploy):
    assert code_of(deploy, clusters=["moon"]) == "cluster_unknown"


def test_what_runs_on_a_cordoned_or_suspended_cluster_can_be_edited(deploy):
    deploy()
    Cluster.objects.update(cordoned=True, suspended=True)
    made = deploy(greeting="hi")
    assert len(made.releases) == 1
    assert made.notes == ("east is suspended: production is delivered there once it is resumed.",)


def test_another_cluster_is_no_release_but_a_generation(deploy, west):
    deploy()
    made = deploy(clusters=["east", "west"])
    assert made.unchanged == ("production",)
    assert Environment.objects.get().generation == 2
    assert here() == ["east", "west"]
    assert Work.objects.get(cluster__name="west", name="application").release == "r1"
    assert Work.objects.get(cluster__name="east", name="application").generation == 1


def test_where_it_no_longer_runs_its_works_and_its_namespace_are_retired(deploy, west, observe):
    deploy(clusters=["east", "west"])
    deploy(clusters=["west"])
    environment = Environment.objects.get()
    assert intents() == {
        ("east", "ground"): "retired",
        ("east", "application"): "retired",
        ("west", "ground"): "present",
        ("west", "application"): "present",
    }
    ground = Work.objects.get(cluster__name="east", name="ground")
    assert ground.retirement == [f"core/Namespace//{environment.namespace}"]
    assert here() == ["west"]
    observe(environment)
    assert RouteClaim.objects.count() == 2
    Work.objects.filter(intent="retired").delete()
    observe(environment)
    assert [each.cluster.name for each in RouteClaim.objects.all()] == ["west"]


def test_coming_back_waits_until_it_is_gone(deploy, west):
    deploy(clusters=["east", "west"])
    deploy(clusters=["west"])
    with pytest.raises(Refusal) as refused:
        deploy(clusters=["east", "west"])
    assert refused.value.code == "work_retired"
    assert here() == ["west"]


def test_a_cluster_that_joins_runs_the_task_of_the_release_that_is(deploy, east, west):
    migrate = {"blocks": [{"task": {"name": "migrate", "cpu": "50m", "memory": "64Mi"}}]}
    deploy(**migrate)
    assert not deploy(clusters=("east", "west"), **migrate).releases
    for work in Work.objects.filter(name="application"):
        [job] = [each["body"] for each in work.manifests if each["body"]["kind"] == "Job"]
        assert (job["metadata"]["name"], work.release) == ("hello-migrate-r1", "r1")
