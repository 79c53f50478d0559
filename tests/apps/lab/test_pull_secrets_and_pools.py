"""A team's credentials for registries and its pool of nodes, on a real cluster: there, used, replaced, gone."""

import base64
import json

import pytest

from apps import services
from apps.services.tenants import renew_grounds
from tests import registries
from tests.apps.lab.site import HTTP, kubectl, web
from tests.registries import serving

SECRET = "dougong-pull"


@pytest.fixture
def store(team, owner, east):
    def go(password, registry="registry.example"):
        services.set_pull_secret(team=team, registry=registry, username="bot", password=password, actor=owner)
        renew_grounds()

    return go


def kept(site):
    """{registry: password} of what the cluster has; {} without a Secret."""
    found = site.objects("secret").get(SECRET)
    if found is None:
        return None
    auths = json.loads(base64.b64decode(found["data"][".dockerconfigjson"]))["auths"]
    return {registry: each["password"] for registry, each in auths.items()}


def named(pod):
    return [each["name"] for each in pod["spec"].get("imagePullSecrets", [])]


@pytest.mark.timeout(400)
def test_pods_are_handed_the_team_s_credentials_and_follow_them(bring, store, team, owner):
    site = bring(web(), HTTP)
    [running] = site.pods()
    assert (kept(site), named(site.pod())) == (None, [])

    store("the first word")
    site.until(lambda: kept(site) == {"registry.example": "the first word"})
    assert site.object("secret", SECRET)["type"] == "kubernetes.io/dockerconfigjson"
    site.until(lambda: named({"spec": site.object("serviceaccount", "app")}) == [SECRET])
    assert list(site.pods()) == [running]
    site.kubectl("delete", "pod", running, "--wait=false")
    site.until(lambda: len(site.ready()) == 1 and named(site.pod()) == [SECRET])
    [running] = site.pods()
    told = json.loads(site.kubectl("get", "events", "-o", "json"))["items"]
    assert [each for each in told if each["reason"] == "FailedToRetrieveImagePullSecret"] == []

    # What somebody changes or takes away is back.
    wrong = base64.b64encode(b'{"auths": {}}').decode()
    site.kubectl("patch", "secret", SECRET, "--type=merge", "-p", json.dumps({"data": {".dockerconfigjson": wrong}}))
    site.until(lambda: kept(site) == {"registry.example": "the first word"})
    site.kubectl("delete", "secret", SECRET)
    site.until(lambda: kept(site) == {"registry.example": "the first word"})

    # Under the same name: what runs follows, and is not replaced.
    store("the next word")
    site.until(lambda: kept(site) == {"registry.example": "the next word"})
    services.revoke_pull_secret(team=team, registry="registry.example", confirm="registry.example", actor=owner)
    renew_grounds()
    site.until(lambda: kept(site) == {})
    site.until(site.is_healthy)
    assert list(site.pods()) == [running]


@pytest.fixture
def asking(registry_host):
    """The host of a registry that asks for a login; behind it is the lab's own, which asks nobody."""
    nodes = [each["metadata"]["name"] for each in json.loads(kubectl("get", "nodes", "-o", "json"))["items"]]
    with serving(registries.asking(registry_host, "bot", "the right word"), nodes) as host:
        yield host


@pytest.mark.timeout(400)
def test_a_registry_that_asks_for_a_login_is_pulled_from_with_the_team_s(bring, store, asking, image, registry_host):
    store("a wrong word", registry=asking)
    site = bring(web(), HTTP, of=image.replace(registry_host, asking), wait=False)
    site.until(lambda: site.works().count() == 2 and site.conditions["Ready"]["reason"] == "ImagePullDenied", minutes=2)
    assert asking in site.conditions["Ready"]["message"]
    assert "401" in site.conditions["Ready"]["message"]
    assert "a wrong word" not in site.conditions["Ready"]["message"]
    [waiting] = site.pods()
    store("the right word", registry=asking)
    site.until(site.is_healthy, minutes=3)
    assert site.ready() == [waiting], "the same pod: the kubelet reads the Secret at each try"


@pytest.mark.timeout(300)
def test_a_namespace_that_is_new_has_them_from_the_start(bring, store):
    store("the first word")
    site = bring(web(), HTTP)
    assert (kept(site), named(site.pod())) == ({"registry.example": "the first word"}, [SECRET])


@pytest.mark.timeout(400)
def test_whatever_runs_goes_to_the_team_s_pool(bring, pool, operator, team, east, owner):
    services.set_tenant_policy(team=team, cluster=east, figures={"pools": "large"}, actor=operator)
    schedule = {
        "schedule": {
            "name": "report", "schedule": "0 0 1 1 *", "cpu": "10m", "memory": "32Mi", "command": ["true"],
        }
    }  # fmt: skip
    task = {"task": {"name": "migrate", "cpu": "10m", "memory": "32Mi", "command": ["true"]}}
    site = bring(web(), HTTP, schedule, task)
    services.run_schedule(environment=site.environment, schedule="report", actor=owner)
    site.until(
        lambda: site.pods("report") and all(each["spec"].get("nodeName") for each in site.pods("report").values())
    )
    for process in ("web", "migrate", "report"):
        assert {each["spec"]["nodeName"] for each in site.pods(process).values()} == {pool}, process


@pytest.mark.timeout(300)
def test_what_runs_moves_only_when_it_is_rendered_anew(bring, pool, operator, team, east, owner):
    nodes = json.loads(kubectl("get", "nodes", "-o", "json"))["items"]
    if len(nodes) < 2:
        pytest.skip("one node is every pool")
    site = bring(web(), HTTP)
    [running] = site.pods()
    services.set_tenant_policy(team=team, cluster=east, figures={"pools": "large"}, actor=operator)
    renew_grounds()
    site.until(site.is_healthy)
    assert list(site.pods()) == [running]
    services.rerender(environment=site.environment, actor=owner)
    site.until(lambda: site.is_healthy() and [each["spec"]["nodeName"] for each in site.pods().values()] == [pool])
