"""Whatever a team writes, what is rendered stays inside the namespace, the limits and Pod Security `restricted`."""

import json
import re
from collections import Counter

import kubernetes_validate
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from apps.appfile import spec_for, validate
from apps.blocks import blocks
from apps.contribution import RenderError
from apps.problems import ProblemsError
from apps.render import render
from apps.spec import AppSpec, SecretVersion
from apps.terms import PHRASES
from clusters.target import ClusterTarget, GatewayRef


def named(alphabet, longest):
    """Texts that begin and end with a letter: drawn far faster than by their pattern."""
    return st.text(alphabet, max_size=longest - 2).map(lambda middle: f"a{middle}z")


LABEL = "abz019-"
ANNOTATIONS = ["example.org/role", "role", "eks.amazonaws.com/role-arn"]
BY_PHRASE = {
    "a name": named(LABEL, 63),
    "a port name": st.sampled_from(["http", "a", "metrics-2", "a" * 15]),
    "the name of an env": st.sampled_from(["A", "_x", "APP_NAME", "PORT", "Path", "B" * 253]),
    "a text": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
    "an amount of mem": st.sampled_from(["16Mi", "64Mi", "1Gi", "2G"]),
    "an amount of sto": st.sampled_from(["1Mi", "10Gi", "2Ti"]),
    "an amount of CPU": st.sampled_from(["1m", "250m", "0.5", "2", "1.125"]),
    "a lower-case host": named(LABEL, 40).map(lambda label: f"{label}.example"),
    "a file name": st.sampled_from(["a", ".env", "nginx.conf", "A_b-c.d"]),
    "a cron expression": st.sampled_from(["* * * * *", "30 3 * * 1-5", "*/5 0-6,22 1,15 jan MON"]),
    "the name of an IANA": st.sampled_from(["Etc/UTC", "Asia/Shanghai", "America/Argentina/Buenos_Aires"]),
    "an IP address": st.sampled_from(["192.0.2.1", "2001:db8::1", "203.0.113.9"]),
    "a network": st.sampled_from(["192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0"]),
    "a number from": st.sampled_from(["1", "7", "25%", "99%"]),
    "the key of a label": st.sampled_from(ANNOTATIONS),
    "an absolute path": st.sampled_from(["/etc/app", "/data", "/tmp/more", "/.x"]),
    "an image by": st.just(f"registry.example/other@sha256:{'1' * 64}"),
    "a path": named("abz019-._~/", 40).map(lambda path: "/" + re.sub("[./]+", "/", path)),
}


OFFERED = {
    "storage": (("shared", "nfs"),),
    "priority_classes": ("high",),
    "node_pools": ("large",),
    "service_account_annotations": tuple((key, "*") for key in ANNOTATIONS),
}
STATEFUL = [
    {"process": {"name": "db", "cpu": "1m", "memory": "16Mi", "replicas": 2, "stateful": True}},
    {"port": {"process": "db", "port": 5432}},
    {"volume": {"process": "db", "name": "data", "path": "/data", "size": "1Gi", "tier": "shared"}},
]

TARGETS = st.builds(
    ClusterTarget,
    name=st.sampled_from(["east", "w" * 63]),
    version=st.just("v1.34.4"),
    served=st.sampled_from(
        [
            frozenset(),
            frozenset({"gateway.networking.k8s.io/v1/HTTPRoute"}),
            frozenset({"autoscaling.k8s.io/v1/VerticalPodAutoscaler"}),
        ]
    ),
    gateway=st.sampled_from([None, GatewayRef("gateways", "public")]),
    **{name: st.just(value) for name, value in OFFERED.items()},
)


def of_schema(fragment):
    """Values of a parameter from its JSON Schema, so that a new block is covered the day it comes."""
    if "anyOf" in fragment:
        return st.one_of([of_schema(each) for each in fragment["anyOf"]])
    if "enum" in fragment:
        return st.sampled_from(fragment["enum"])
    return BY_TYPE[fragment["type"]](fragment)


def of_text(fragment):
    fast = [found for phrase, found in BY_PHRASE.items() if PHRASES[fragment["pattern"]].startswith(phrase)]
    return fast[0] if fast else st.from_regex(fragment["pattern"].removesuffix("$") + r"\Z")


def of_map(fragment):
    return st.dictionaries(
        of_schema(fragment["propertyNames"]), of_schema(fragment["additionalProperties"]), max_size=3
    )


BY_TYPE = {
    "null": lambda _: st.none(),
    "boolean": lambda _: st.booleans(),
    "integer": lambda fragment: st.integers(fragment["minimum"], fragment["maximum"]),
    "number": lambda fragment: st.floats(fragment["minimum"], fragment["maximum"]),
    "array": lambda fragment: st.lists(of_schema(fragment["items"]), max_size=3),
    "object": of_map,
    "string": of_text,
}


@st.composite
def uses(draw, block, processes):
    """One use of a block; it mostly speaks of processes there are."""
    params = {}
    for name, fragment in block.schema["properties"].items():
        if name in block.schema["required"] or draw(st.booleans()):
            params[name] = draw(st.sampled_from(processes) if name == "process" else of_schema(fragment))
    if "port" in params and block.name != "port":
        params["port"] = 80
    offered = {"tier": "shared", "priority_class": "high", "pool": "large"}
    params |= {name: value for name, value in offered.items() if name in params}
    if "mounts" in params:
        params["mounts"] = dict.fromkeys(params["mounts"], "tmp")
    return {block.name: params}


@st.composite
def documents(draw):
    processes = draw(st.lists(BY_PHRASE["a name"], min_size=1, max_size=3, unique=True))
    declared = [draw(uses(blocks()["process"], processes)) for _ in processes]
    for each, name in zip(declared, processes, strict=True):
        each["process"] |= {"name": name, "memory": draw(BY_PHRASE["an amount of mem"])}
        each["process"].pop("memory_limit", None)
        each["process"].pop("cpu_limit", None)
    ports = [{"port": {"process": name, "port": draw(st.integers(1, 65535))}} for name in processes]
    others = [blocks()[name] for name in blocks() if name not in ("process", "port")]
    more = draw(st.lists(st.sampled_from(others).flatmap(lambda block: uses(block, processes)), max_size=4))
    return {
        "name": draw(BY_PHRASE["a name"]),
        "project": draw(BY_PHRASE["a name"]),
        "image": f"registry.example/hello@sha256:{'0' * 64}",
        "environments": {draw(BY_PHRASE["a name"]): {"clusters": ["east"]}},
        "blocks": [*declared, *ports, *more],
    }


def spec_of(document):
    """The spec of a document whose every secret is there; documents that contradict themselves are passed over."""
    pinned = {
        params["name"]: SecretVersion(
            "v1",
            dict.fromkeys([*params.get("keys", ()), params.get("key", "DOCKERCONFIGJSON"), "EXTRA_KEY"], "reference"),
        )
        for use in document["blocks"]
        for name, params in use.items()
        if name in ("secret", "pull_secret")
    }
    try:
        file = validate(document)
    except ProblemsError:
        assume(False)
    [environment] = file.environments
    return spec_for(file, environment, team="crew", namespace="a-namespace", release="r1", secrets=pinned)


def rendered(spec, target):
    try:
        return render(spec, target)
    except RenderError:
        assume(False)


def pod_specs(manifests):
    specs = [each.body.get("spec", {}) for each in manifests]
    of_jobs = [each["jobTemplate"]["spec"] if "jobTemplate" in each else each for each in specs]
    return [each["template"]["spec"] for each in of_jobs if "template" in each]


def assert_restricted(pod):
    """The Pod Security Standard `restricted`, written out after the Kubernetes documentation."""
    assert not {"hostNetwork", "hostPID", "hostIPC", "ephemeralContainers", "sysctls"} & set(pod)
    allowed = {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
    for volume in pod.get("volumes", ()):
        assert set(volume) - {"name"} <= allowed
    of_pod = pod["securityContext"]
    assert of_pod["runAsNonRoot"] is True
    assert of_pod["runAsUser"] > 0
    assert of_pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"seLinuxOptions", "windowsOptions", "sysctls", "appArmorProfile"} & set(of_pod)
    for container in [*pod["containers"], *pod.get("initContainers", ())]:
        own = container["securityContext"]
        assert own["allowPrivilegeEscalation"] is False
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert own.get("readOnlyRootFilesystem") is True
        assert set(own) <= {"allowPrivilegeEscalation", "capabilities", "readOnlyRootFilesystem"}
        assert all("hostPort" not in port for port in container.get("ports", ()))
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert container["resources"]["limits"]["memory"]


@given(documents(), TARGETS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_passes_the_restricted_profile(document, target):
    found = rendered(spec_of(document), target)
    pods = pod_specs(found.manifests)
    assert len(pods) == sum(blocks()[name].declares_process for use in document["blocks"] for name in use)
    for pod in pods:
        assert_restricted(pod)
        assert pod["automountServiceAccountToken"] is False
        accounts = {each.id.name for each in found.manifests if each.id.kind == "ServiceAccount"}
        assert pod["serviceAccountName"] in {"app", *accounts}


@given(documents(), TARGETS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_stays_in_its_namespace_and_within_the_limits_of_names_and_labels(document, target):
    found = rendered(spec_of(document), target)
    kinds = {
        "ConfigMap",
        "Secret",
        "Service",
        "PodDisruptionBudget",
        "Deployment",
        "StatefulSet",
        "HorizontalPodAutoscaler",
        "HTTPRoute",
        "NetworkPolicy",
        "ServiceAccount",
        "CronJob",
        "Job",
        "PersistentVolumeClaim",
        "VerticalPodAutoscaler",
    }
    named_after_it = ("Deployment", "StatefulSet", "Service", "CronJob")
    for each in found.manifests:
        assert each.id.kind in kinds
        assert each.id.namespace == "a-namespace"
        assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", each.id.name)
        # A replica's claim is called after its volume and its Pod; nothing makes a label of that.
        longest = 253 if each.id.kind == "PersistentVolumeClaim" else 63
        assert len(each.id.name) <= (46 if each.id.kind in named_after_it else longest)
        annotated = {"annotations"} if each.id.kind == "ServiceAccount" else set()
        assert set(each.body["metadata"]) - annotated == {"name", "namespace", "labels"}
        for value in each.body["metadata"]["labels"].values():
            assert re.fullmatch(r"[a-z0-9]([-a-z0-9_.]{0,61}[a-z0-9])?", value)
        if each.id.kind == "Service":
            spec = each.body["spec"]
            assert spec.get("clusterIP", "None") == "None"
            assert spec.get("type", "ClusterIP") == "ClusterIP"
            assert {"selector"} <= set(spec) <= {"type", "selector", "ports", "clusterIP", "publishNotReadyAddresses"}
    assert max(Counter(each.id for each in found.manifests).values()) == 1


@given(documents(), TARGETS, st.randoms(use_true_random=False))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_is_the_same_bytes_whatever_the_order_and_after_json(document, target, shuffle):
    spec = spec_of(document)
    first = json.dumps([each.to_json() for each in rendered(spec, target).manifests])
    mixed = list(spec.blocks)
    shuffle.shuffle(mixed)
    stored = AppSpec.from_json(json.loads(json.dumps({**spec.to_json(), "blocks": []})))
    again = AppSpec(**{**{name: getattr(stored, name) for name in stored.__dataclass_fields__}, "blocks": tuple(mixed)})
    assert json.dumps([each.to_json() for each in render(again, target).manifests]) == first
    assert json.dumps([each.to_json() for each in render(AppSpec.from_json(spec.to_json()), target).manifests]) == first


@pytest.mark.parametrize("version", ["1.34", "1.37"])
def test_is_valid_by_the_published_schemas(version):
    target = ClusterTarget("east", f"v{version}.0", **OFFERED)
    # What is no part of Kubernetes has no schema there.
    foreign = {"vertical_autoscale"}
    examples = [*STATEFUL, *({each.name: each.example} for each in blocks().values() if each.name not in foreign)]
    spec = spec_of(
        {
            "name": "hello",
            "project": "demo",
            "image": f"registry.example/hello@sha256:{'0' * 64}",
            "environments": {"production": {"clusters": ["east"]}},
            "blocks": examples,
        }
    )
    for each in render(spec, target).manifests:
        kubernetes_validate.validate(each.body, version, strict=True)


def test_a_fair_part_of_what_is_generated_renders():
    """The properties above would say nothing if nearly all that is generated were passed over."""
    outcomes = Counter()

    @given(documents(), TARGETS)
    @settings(max_examples=60, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def count(document, target):
        outcomes["all"] += 1
        rendered(spec_of(document), target)
        outcomes["rendered"] += 1

    count()
    assert outcomes["rendered"] > outcomes["all"] / 4, outcomes
