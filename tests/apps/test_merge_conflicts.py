"""Two blocks that want the same thing are refused, whichever is stacked first."""

from types import MappingProxyType

import pytest

from apps import render as rendering
from apps.blocks import Block
from apps.contribution import (
    Container,
    Contribution,
    Disruption,
    EnvFrom,
    HostAlias,
    Mount,
    Object,
    Port,
    ProcessContribution,
    PullSecret,
    RenderError,
    Volume,
    Workload,
)
from apps.render import render


class Params:
    """No parameters."""


@pytest.fixture
def stack(monkeypatch, make_app, target):
    """Renders contributions as if each came of a block of its own, in both orders; gives what they agree on."""

    def run(*contributions):
        made = {
            f"block-{place}": Block(f"block-{place}", "A block.", Params, lambda *_, it=it: it, {}, ())
            for place, it in enumerate(contributions)
        }
        monkeypatch.setattr(Block, "load", lambda *_: Params())
        monkeypatch.setattr(rendering, "blocks", lambda: MappingProxyType(made))
        outcomes = []
        for order in (list(made), list(reversed(made))):
            try:
                outcomes.append(render(make_app(*({name: {}} for name in order)), target))
            except RenderError as error:
                outcomes.append((error.code, error.path, error.message))
        assert outcomes[0] == outcomes[1]
        return outcomes[0]

    return run


def to_web(**given):
    return Contribution(processes={"web": ProcessContribution(**given)})


WORKLOAD = Workload(cpu="1", memory="64Mi")
WEB = to_web(workload=WORKLOAD)
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "same"}}
SIDECAR = Container(name="proxy", image="registry.example/proxy", cpu="10m", memory="16Mi")


@pytest.mark.parametrize(
    ("code", "one", "other"),
    [
        ("env_conflict", to_web(env={"A": "1"}), to_web(env={"A": "2"})),
        ("env_conflict", to_web(env={"A": "1"}), to_web(env_from=(EnvFrom("secretRef", "s", ("A",)),))),
        ("env_conflict", to_web(env={"A": "1"}), Contribution(processes={"*": ProcessContribution(env={"A": "1"})})),
        ("ports_conflict", to_web(ports=(Port("a", 1, 1),)), to_web(ports=(Port("a", 2, 2),))),
        ("ports_conflict", to_web(ports=(Port("a", 1, 1),)), to_web(ports=(Port("b", 1, 2),))),
        ("ports_conflict", to_web(ports=(Port("a", 1, 1),)), to_web(ports=(Port("b", 2, 1),))),
        ("volumes_conflict", to_web(volumes=(Volume("a", {}),)), to_web(volumes=(Volume("a", {}),))),
        ("mounts_conflict", to_web(mounts=(Mount("a", "/a"),)), to_web(mounts=(Mount("b", "/a"),))),
        ("container_conflict", to_web(sidecars=(SIDECAR,)), to_web(init=(SIDECAR,))),
        ("owns_replicas_conflict", to_web(owns_replicas=1), to_web(owns_replicas=2)),
        ("service_account_conflict", to_web(service_account="a"), to_web(service_account="b")),
        ("priority_class_conflict", to_web(priority_class="a"), to_web(priority_class="b")),
        ("node_pool_conflict", to_web(node_pool="a"), to_web(node_pool="b")),
        ("disruption_conflict", to_web(disruption=Disruption(None, "1")), to_web(disruption=Disruption(None, "2"))),
        ("pull_secrets_conflict", to_web(pull_secrets=(PullSecret("a"),)), to_web(pull_secrets=(PullSecret("a"),))),
        (
            "host_aliases_conflict",
            to_web(host_aliases=(HostAlias("::1", ("a",)),)),
            to_web(host_aliases=(HostAlias("::1", ("b",)),)),
        ),
        ("object_conflict", Contribution(objects=(Object(CONFIG),)), Contribution(objects=(Object(CONFIG),))),
    ],
)
def test_the_same_thing_twice_is_refused_and_both_are_named(stack, code, one, other):
    found = stack(WEB, one, other)
    assert found[:2] == (code, "block-2")
    assert "block-1" in found[2]


def test_a_process_is_declared_once(stack):
    assert stack(WEB, WEB) == ("workload_conflict", "block-1", "workload of process web is already set by block-0")


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("env_conflict", to_web(env={"APP_CLUSTER": "mine"})),
        ("volumes_conflict", to_web(volumes=(Volume("tmp", {}),))),
        ("mounts_conflict", to_web(mounts=(Mount("a", "/tmp"),))),
        ("container_conflict", to_web(sidecars=(Container(name="web", image="x", cpu="1m", memory="1Mi"),))),
    ],
)
def test_what_the_platform_gives_cannot_be_given_again(stack, code, given):
    assert stack(WEB, given)[0] == code


def test_the_port_variable_is_free_where_there_is_no_port(stack):
    assert stack(WEB, to_web(env={"PORT": "1"})).manifests
    assert stack(WEB, to_web(env={"PORT": "1"}), to_web(ports=(Port("a", 2, 2),)))[0] == "env_conflict"


def test_a_process_that_nobody_declares(stack):
    assert stack(WEB, Contribution(processes={"worker": ProcessContribution(env={"A": "1"})})) == (
        "unknown_process",
        "block-1",
        "no block declares a process worker",
    )


def test_a_service_port_that_nobody_opens(stack):
    found = stack(WEB, to_web(ports=(Port("a", 1, 80),)), to_web(needs_service_ports=(81,)))
    assert found == ("unknown_port", "block-2", "process web has only service port 80, not 81")


def test_an_object_of_another_namespace(stack):
    foreign = {**CONFIG, "metadata": {"name": "same", "namespace": "kube-system"}}
    assert stack(WEB, Contribution(objects=(Object(foreign),)))[0] == "foreign_namespace"


def test_an_object_that_no_cluster_would_take(stack):
    broken = {**CONFIG, "metadata": {"name": "Not A Name"}}
    assert stack(WEB, Contribution(objects=(Object(broken),)))[0] == "invalid_object"


def test_blocks_cannot_take_the_common_labels(stack):
    body = {**CONFIG, "metadata": {"name": "same", "labels": {"app.kubernetes.io/name": "x", "mine": "y"}}}
    [found] = [each for each in stack(WEB, Contribution(objects=(Object(body),))).manifests if each.id.name == "same"]
    assert found.body["metadata"]["labels"]["app.kubernetes.io/name"] == "hello"
    assert found.body["metadata"]["labels"]["mine"] == "y"


def test_all_that_is_given_ends_up_in_the_pod(stack):
    found = stack(
        WEB,
        to_web(
            env={"FROM": {"fieldRef": {"fieldPath": "metadata.name"}}},
            volumes=(Volume("data", {"persistentVolumeClaim": {"claimName": "data"}}),),
            mounts=(Mount("data", "/data", read_only=False),),
            sidecars=(SIDECAR,),
            init=(Container(name="seed", image="registry.example/seed", cpu="10m", memory="16Mi", args=("x",)),),
        ),
    )
    [deployment] = [each.body for each in found.manifests if each.id.kind == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    assert {"name": "FROM", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}} in pod["containers"][0]["env"]
    assert {"name": "data", "persistentVolumeClaim": {"claimName": "data"}} in pod["volumes"]
    assert {"name": "data", "mountPath": "/data"} in pod["containers"][0]["volumeMounts"]
    seed, proxy = pod["initContainers"]
    assert (seed["name"], seed["args"], seed.get("restartPolicy")) == ("seed", ["x"], None)
    assert (proxy["name"], proxy["restartPolicy"]) == ("proxy", "Always")


def test_a_block_that_is_not_there(make_app, target):
    with pytest.raises(RenderError) as refused:
        render(make_app({"prot": {}}), target)
    assert refused.value.code == "unknown_block"


def test_params_that_no_longer_fit_the_block(make_app, target):
    with pytest.raises(RenderError) as refused:
        render(make_app({"port": {"process": "web", "port": "http"}}), target)
    assert (refused.value.code, refused.value.path) == ("invalid_params", "port.port")
