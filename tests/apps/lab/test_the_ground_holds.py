"""What a team's policy renders, on a real cluster: it is there, it comes back, and it refuses what is too much.

No network policy is enforced by the lab: that it is there and comes back is seen here, what it lets through is not.
"""

import json

import pytest

from apps import services
from apps.selectors.tenants import usage
from apps.services.tenants import renew_grounds
from tests.apps.lab.site import HTTP, kubectl, web


@pytest.fixture
def say(operator, team, east):
    def go(groups=None, **figures):
        services.set_tenant_policy(team=team, cluster=east, figures=figures, groups=groups, actor=operator)
        renew_grounds()

    return go


def hard(site):
    return site.object("resourcequota", "dougong-quota")["spec"]["hard"]


@pytest.mark.timeout(300)
def test_what_somebody_takes_down_comes_back(bring):
    site = bring(web(), HTTP)
    before = site.object("networkpolicy", "dougong-isolation")["spec"]
    assert before["policyTypes"] == ["Ingress", "Egress"]
    assert hard(site)["pods"] == "250"

    site.kubectl("delete", "networkpolicy", "dougong-isolation")
    patch = {"spec": {"hard": {"pods": "9999", "requests.cpu": "9999"}}}
    site.kubectl("patch", "resourcequota", "dougong-quota", "--type=merge", "-p", json.dumps(patch))
    site.kubectl("delete", "limitrange", "dougong-defaults")
    site.until(lambda: set(site.objects("networkpolicy")) == {"dougong-isolation"})
    site.until(lambda: (hard(site)["pods"], hard(site)["requests.cpu"]) == ("250", "32"))
    site.until(lambda: set(site.objects("limitrange")) == {"dougong-defaults"})
    assert site.object("networkpolicy", "dougong-isolation")["spec"] == before


@pytest.mark.timeout(400)
def test_a_full_quota_is_told_and_more_of_it_helps(bring, say, team):
    say(pods=1)
    site = bring(web(replicas=2), HTTP, wait=False)
    site.until(lambda: site.conditions["Ready"]["reason"] == "QuotaExceeded", minutes=2)
    assert len(site.pods()) == 1
    say(pods=4)
    site.until(lambda: site.is_healthy() and len(site.ready()) == 2, minutes=2)
    assert hard(site)["pods"] == "4"
    site.until(lambda: [each.figures["pods"] for each in usage(team)] == [("2", "4")])


@pytest.mark.timeout(300)
def test_nothing_is_limited_any_more(bring, say):
    site = bring(web(), HTTP)
    say(cpu="unlimited", memory="unlimited", pods="unlimited", storage="unlimited", volumes="unlimited", egress="open")
    site.until(lambda: site.objects("resourcequota") == {})
    site.until(lambda: site.object("networkpolicy", "dougong-isolation")["spec"]["policyTypes"] == ["Ingress"])
    site.until(site.is_healthy)


@pytest.mark.timeout(300)
def test_a_pod_that_asks_for_nothing_is_given_something(bring, image):
    site = bring(web(), HTTP)
    pod = {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "look", "namespace": site.namespace, "labels": {"looks": "round"}},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": "main", "image": image, "command": ["sleep", "1"],
                    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                }
            ],
        },
    }  # fmt: skip
    kubectl("create", "-f", "-", stdin=json.dumps(pod))
    [container] = site.object("pod", "look")["spec"]["containers"]
    assert container["resources"] == {
        "requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"},
    }  # fmt: skip
    [ours] = site.pod()["spec"]["containers"]
    assert ours["resources"]["limits"] == {"memory": "64Mi"}  # no limit of CPU came from the defaults


def may(group, verb, what, namespace):
    """Whether somebody of the group may, as the API server answers."""
    attributes = {"verb": verb, "namespace": namespace, **what}
    review = {
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {"user": "jane", "groups": [group], "resourceAttributes": attributes},
    }  # fmt: skip
    answer = kubectl("create", "-f", "-", "-o", "json", stdin=json.dumps(review))
    return json.loads(answer)["status"]["allowed"]


PODS, SECRETS, BINDINGS = {"resource": "pods"}, {"resource": "secrets"}, {
    "group": "rbac.authorization.k8s.io", "resource": "rolebindings",
}  # fmt: skip


@pytest.mark.timeout(300)
def test_groups_of_the_directory_reach_their_namespace_and_no_other(bring, say):
    say(groups={"crew-look": "view", "crew-dev": "edit"})
    site = bring(web())
    here = site.namespace
    site.until(lambda: may("crew-look", "list", PODS, here) and may("crew-dev", "delete", PODS, here))
    assert may("crew-dev", "get", SECRETS, here)
    for group, verb, what, namespace in [
        ("crew-look", "get", SECRETS, here),
        ("crew-look", "list", SECRETS, here),
        ("crew-look", "delete", PODS, here),
        ("crew-look", "create", {"resource": "pods", "subresource": "exec"}, here),
        ("crew-look", "list", PODS, "default"),
        ("crew-dev", "list", PODS, "dougong-system"),
        ("crew-dev", "create", BINDINGS, here),
        ("crew-dev", "patch", {"resource": "resourcequotas"}, here),
        ("others", "list", PODS, here),
    ]:
        assert not may(group, verb, what, namespace), (group, verb, what, namespace)

    site.kubectl("delete", "rolebinding", "dougong-team-view")
    site.until(lambda: may("crew-look", "list", PODS, here))
    say(groups={"crew-look": None, "crew-dev": "view"})
    site.until(lambda: not may("crew-look", "list", PODS, here) and not may("crew-dev", "get", SECRETS, here))
    assert set(site.objects("rolebinding")) == {"dougong-writer", "dougong-team-exec", "dougong-team-view"}


@pytest.mark.timeout(300)
def test_an_image_of_another_registry_does_not_run(bring, say, registry_host):
    site = bring(web(), HTTP)
    [running] = site.pods()
    say(registries="registry.example")
    site.until(lambda: "dougong.dev/registries" in site.object("namespace", site.namespace)["metadata"]["annotations"])
    # What runs goes on, and may even be changed; a pod that is made anew is refused, whoever makes it.
    site.kubectl("label", "pod", running, "looked=at")
    site.kubectl("delete", "pod", running, "--wait=false")
    site.until(lambda: site.conditions["Ready"]["reason"] == "RegistryNotAllowed", minutes=2)
    assert registry_host in site.conditions["Ready"]["message"]
    assert site.pods() == {}
    say(registries=f"registry.example,{registry_host}")
    site.until(lambda: site.is_healthy() and len(site.ready()) == 1, minutes=2)
