"""What runs in a namespace of ours, on a real cluster: it reads no other, and Pod Security has nothing to refuse."""

import json
from copy import deepcopy

import pytest
from hypothesis import HealthCheck, given, settings

from apps import services
from apps.appfile import validate
from apps.models import Environment
from tests.apps.lab.site import HTTP, Site, kubectl, web
from tests.apps.test_any_app_file import TARGETS, documents, pod_specs, rendered, spec_of

DOCUMENTS = 40
NOTHING = [
    (verb, what)
    for what in ({"resource": "pods"}, {"resource": "secrets"}, {"resource": "configmaps"},
                 {"resource": "pods", "subresource": "log"})
    for verb in ("get", "list", "watch")
]  # fmt: skip
# An API server may allow nobody a privileged container, before Pod Security is asked.
REFUSAL = "violates PodSecurity|privileged: Forbidden: disallowed by cluster policy"
REFUSED = {
    "hostNetwork": lambda pod: pod.update(hostNetwork=True),
    "privileged": lambda pod: pod["containers"][0]["securityContext"].update(
        privileged=True, allowPrivilegeEscalation=True
    ),
    "hostPath": lambda pod: pod.setdefault("volumes", []).append({"name": "host", "hostPath": {"path": "/"}}),
}


@pytest.fixture
def neighbour(bring, project, owner, image, until):
    """Another application of the same team, in a namespace of its own."""

    def go():
        document = {
            "name": "neighbour", "project": project.name, "image": image,
            "environments": {"production": {"clusters": ["east"]}}, "blocks": [web(), HTTP],
        }  # fmt: skip
        services.deploy(project=project, app_file=validate(document), actor=owner)
        site = Site(Environment.objects.get(application__name="neighbour"), until)
        site.until(site.is_healthy)
        return site

    return go


def may(account, home, verb, what, namespace):
    """Whether an account of the namespace `home` may, as the API server answers."""
    attributes = {"verb": verb, "namespace": namespace, **what}
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{home}", "system:authenticated"]
    who = {"user": f"system:serviceaccount:{home}:{account}", "groups": groups}
    review = {
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {**who, "resourceAttributes": attributes},
    }  # fmt: skip
    return json.loads(kubectl("create", "-f", "-", "-o", "json", stdin=json.dumps(review)))["status"]["allowed"]


@pytest.mark.timeout(400)
def test_no_account_of_a_namespace_reads_the_next(bring, neighbour):
    site = bring(web(), HTTP)
    here, there = site.namespace, neighbour().namespace
    accounts = set(site.objects("serviceaccount"))
    assert {"app", "dougong-team"} <= accounts
    # Of its own it does what it is for: so a no is an answer.
    assert may("dougong-team", here, "get", {"resource": "pods", "subresource": "log"}, here)
    reached = [
        (account, verb, what, namespace)
        for account in sorted(accounts)
        for namespace in (there, "dougong-system", "")
        for verb, what in NOTHING
        if may(account, here, verb, what, namespace)
    ]
    assert reached == []
    assert not any(may("app", here, verb, {"resource": "secrets"}, here) for verb in ("get", "list", "watch"))


def drawn():
    """The pods of what hypothesis thinks of, as their controllers would make them."""
    found = []

    @settings(max_examples=DOCUMENTS, database=None, derandomize=True,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(documents(), TARGETS)
    def draw(document, target):
        found.extend(map(as_made, pod_specs(rendered(spec_of(document), target).manifests)))

    draw()
    return found


def as_made(pod):
    """With its claims in place, and an account that is there: that of the document is not."""
    made = {**deepcopy(pod), "serviceAccountName": "app"}
    volumes = made.setdefault("volumes", [])
    mounts = {mount["name"] for each in [*pod["containers"], *pod.get("initContainers", ())]
              for mount in each.get("volumeMounts", ())}  # fmt: skip
    for name in sorted(mounts - {each["name"] for each in volumes}):
        volumes.append({"name": name, "persistentVolumeClaim": {"claimName": name}})
    return made


def try_out(namespace, *pods):
    """Create them in the namespace, with nothing kept."""
    items = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"drawn-{number}", "namespace": namespace},
            "spec": pod,
        }
        for number, pod in enumerate(pods)
    ]
    kubectl(
        "create", "--dry-run=server", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    )


@pytest.mark.timeout(400)
def test_whatever_a_team_writes_passes_the_pod_security_of_its_namespace(bring, team, east, operator):
    """With no quota, which would refuse the large before anybody has looked at what they are."""
    figures = dict.fromkeys(("cpu", "memory", "pods", "storage", "volumes"), "unlimited")
    services.set_tenant_policy(team=team, cluster=east, figures=figures, groups=None, actor=operator)
    site = bring(web(), HTTP)
    assert site.objects("resourcequota") == {}
    labels = site.object("namespace", site.namespace)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    pods = drawn()
    assert len(pods) >= DOCUMENTS
    try_out(site.namespace, *pods)
    for name, change in REFUSED.items():
        pod = deepcopy(pods[0])
        change(pod)
        with pytest.raises(AssertionError, match=REFUSAL) as refused:
            try_out(site.namespace, pod)
        assert name in str(refused.value)
