"""The pools of nodes of a team: operators say them, what is deployed goes there, what runs says that it would."""

import pytest

from apps import services
from apps.models import Environment, Placement
from apps.selectors.status import stale_clusters
from apps.services.tenants import renew_grounds
from clusters.models import Work
from paas.core.errors import Invalid

LARGE = {"node_pool": {"pool": "large"}}


@pytest.fixture
def east(east):
    east.node_pools = ["large", "small"]
    east.save()
    return east


@pytest.fixture
def say(operator, team):
    def go(pools, cluster=None):
        services.set_tenant_policy(team=team, cluster=cluster, figures={"pools": pools}, actor=operator)
        renew_grounds()

    return go


def pool():
    work = Work.objects.get(name="application")
    [pod] = [
        each["body"]["spec"]["template"]["spec"] for each in work.manifests if each["body"]["kind"] == "Deployment"
    ]
    return pod.get("nodeSelector", {}).get("dougong.dev/node-pool")


def test_what_is_deployed_goes_to_the_first(deploy, say):
    say("small,large")
    deploy()
    assert pool() == "small"
    deploy(blocks=[LARGE])
    assert pool() == "large"


def test_one_that_is_not_the_team_s_is_refused_and_nothing_is_left(deploy, say):
    say("small")
    with pytest.raises(Invalid) as refused:
        deploy(blocks=[LARGE])
    assert refused.value.code == "pool_not_allowed"
    assert not Environment.objects.exists()


def test_what_runs_stays_until_it_is_rendered_anew_and_says_so(deploy, say, owner):
    deploy()
    environment = Environment.objects.get()
    say("small,large")
    assert pool() is None
    assert stale_clusters(environment) == ["east"]
    assert Work.objects.get(name="application").generation == 1
    services.rerender(environment=environment, actor=owner)
    assert pool() == "small"
    environment.refresh_from_db()
    assert stale_clusters(environment) == []
    say("large,small")
    assert Placement.objects.get().pool_stale
    say("small")
    assert not Placement.objects.get().pool_stale


def test_the_narrower_layer_wins(deploy, say, east):
    say("small")
    say("large", east)
    deploy()
    assert pool() == "large"


def test_a_pool_that_is_no_name_is_refused(say):
    for wrong in ("Large", "a b", "", ",", "x" * 80):
        with pytest.raises(Invalid) as refused:
            say(wrong)
        assert refused.value.code == "tenant_policy_invalid"
