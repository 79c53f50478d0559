"""Which fields of a live object are ours: cut out, digested, compared, and asked for their owners."""

import copy

import pytest

from clusters.fields import changed_fields, live_digest, owned_fields, owners_of
from clusters.manifests import digest
from tests.clusters.managed_objects import CONFIG_MAP, DEPLOYMENT, HTTP_ROUTE, SERVICE, entry, live


def test_a_deployment_is_cut_to_what_we_applied():
    assert owned_fields(DEPLOYMENT, "dougong") == {
        "metadata": {"labels": {"app.kubernetes.io/name": "web"}, "annotations": {"team": "red"}},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "containers": [
                        {
                            "name": "web",
                            "image": "shop/web@sha256:aa",
                            "env": [{"name": "A", "value": "1"}],
                            "ports": [{"containerPort": 8080, "protocol": "TCP", "name": "http"}],
                            "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}},
                        }
                    ],
                    "volumes": [{"name": "tmp", "emptyDir": {}}],
                },
            },
        },
    }


def test_ports_are_told_apart_by_both_keys():
    assert owned_fields(SERVICE, "dougong")["spec"] == {
        "selector": {"app": "web"},
        "ports": [
            {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 5353},
            {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 5353},
        ],
    }


def test_a_config_map_and_a_set_are_cut_to_our_part():
    assert owned_fields(CONFIG_MAP, "dougong") == {
        "metadata": {"finalizers": ["keep/ours"]},
        "data": {"app.conf": "a=1"},
        "immutable": True,
    }


def test_an_atomic_list_is_owned_whole():
    assert owned_fields(HTTP_ROUTE, "dougong") == {"spec": HTTP_ROUTE["spec"]}


def test_the_hand_over_manager_owns_the_replicas():
    assert owned_fields(DEPLOYMENT, "dougong-handover") == {"spec": {"replicas": 4}}


def test_what_was_written_by_update_is_not_applied():
    assert owned_fields(DEPLOYMENT, "kubectl-edit") == {}


def test_what_a_manager_applied_to_a_subresource_is_not_of_the_object():
    scaled = live({"spec": {"replicas": 3}}, entry("dougong", {"f:spec": {"f:replicas": {}}}, subresource="scale"))
    assert owned_fields(scaled, "dougong") == {}


def test_items_of_a_set_differ_by_type_too():
    found = live({"a": [1, True, "1"]}, entry("dougong", {"f:a": {"v:true": {}}}))
    assert owned_fields(found, "dougong") == {"a": [True]}


def test_items_by_index():
    found = live({"a": ["x", "y", "z"]}, entry("dougong", {"f:a": {"i:0": {}, "i:2": {}}}))
    assert owned_fields(found, "dougong") == {"a": ["x", "z"]}


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"metadata": None},
        {"metadata": {"managedFields": None}},
        live({}, None, {}, {"manager": "dougong", "operation": "Apply"}, entry("dougong", None)),
        live({"spec": None}, entry("dougong", {"f:spec": {"f:replicas": {}}})),
        live({"spec": []}, entry("dougong", {"f:spec": {"f:replicas": {}}, "f:gone": {}})),
        live({"spec": {"a": 1}}, entry("dougong", {"f:spec": {'k:{"name":"x"}': {}, "k:broken": {}, "v:broken": {}}})),
        live(
            {"spec": [1, "a", {}]}, entry("dougong", {"f:spec": {'k:{"name":"x"}': {}, "k:{": {}, "v:{": {}, "?": {}}})
        ),
    ],
)
def test_absent_and_broken_pieces_are_left_out(odd):
    assert owned_fields(odd, "dougong") == {}


def test_an_owned_empty_object_stays():
    found = live({"spec": {"selector": {}}}, entry("dougong", {"f:spec": {"f:selector": {}}}))
    assert owned_fields(found, "dougong") == {"spec": {"selector": {}}}


def changed(body, path, value):
    body = copy.deepcopy(body)
    *way, last = path
    target = body
    for step in way:
        target = target[step]
    target[last] = value
    return body


CONTAINER = ("spec", "template", "spec", "containers", 1)


@pytest.mark.parametrize(
    ("path", "value", "differs"),
    [
        ((*CONTAINER, "image"), "evil", True),
        ((*CONTAINER, "env", 0, "value"), "2", True),
        (("metadata", "annotations", "team"), "blue", True),
        ((*CONTAINER, "env", 1, "value"), "2", False),
        ((*CONTAINER, "imagePullPolicy"), "Always", False),
        (("spec", "replicas"), 9, False),
        (("status", "replicas"), 9, False),
        (("metadata", "resourceVersion"), "2000", False),
        (("metadata", "annotations", "dougong.dev/claim"), "c2", False),
        (("metadata", "annotations", "dougong.dev/epoch"), "8", False),
        (("metadata", "labels", "foreign"), "2", False),
    ],
)
def test_the_live_digest_moves_with_our_fields_only(path, value, differs):
    moved = live_digest(changed(DEPLOYMENT, path, value), "dougong") != live_digest(DEPLOYMENT, "dougong")
    assert moved is differs


def test_the_live_digest_moves_when_our_fields_are_taken_from_us():
    taken = changed(DEPLOYMENT, ("metadata", "managedFields"), [])
    assert live_digest(taken, "dougong") != live_digest(DEPLOYMENT, "dougong")


def test_the_live_digest_of_a_secret_needs_a_key():
    secret = live(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "data": {"p": "aHVudGVyMg=="}},
        entry("dougong", {"f:data": {"f:p": {}}}),
    )
    with pytest.raises(ValueError):
        live_digest(secret, "dougong")
    plain = digest(owned_fields(secret, "dougong"))
    assert len({plain, live_digest(secret, "dougong", b"a"), live_digest(secret, "dougong", b"b")}) == 3


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("spec.replicas", ["horizontal", "dougong-handover"]),
        ('spec.template.spec.containers[{"name":"web"}].image', ["dougong"]),
        ("spec.template.spec.containers[0].image", ["kubectl-edit"]),
        ('spec.template.spec.containers[{"name":"web"}].env[{"name":"FOREIGN"}].value', ["kubectl-edit"]),
        ('spec.template.spec.containers[{"name":"web"}].ports[{"name":"http"}].name', ["dougong"]),
        ("spec.template.spec.containers", ["kubectl-edit", "dougong"]),
        ("spec.selector.matchLabels.app", ["dougong"]),
        ('metadata.annotations["deployment.kubernetes.io/revision"]', ["kube-controller-manager"]),
        ('spec.template.spec.volumes[{"name":"tmp"}].emptyDir.sizeLimit', ["kubectl-edit"]),
        ("spec.minReadySeconds", []),
        ('spec.template.spec.containers[{"name":"gone"}].image', []),
        ("spec.replicas.deeper", ["horizontal", "dougong-handover"]),
    ],
)
def test_the_owners_of_a_field_latest_first(path, owners):
    assert owners_of(DEPLOYMENT, path) == owners


def test_a_path_that_is_none_is_refused():
    with pytest.raises(ValueError):
        owners_of(DEPLOYMENT, "spec..[")


@pytest.mark.parametrize(
    ("before", "after", "paths"),
    [
        ({}, {}, []),
        ({"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}, ["spec.replicas"]),
        ({"spec": {"replicas": 1}}, {"spec": {}}, ["spec.replicas"]),
        ({"spec": {}}, {}, ["spec"]),
        ({"a": 1}, {"a": True}, ["a"]),
        ({"data": {"app.conf": "1"}}, {"data": {"app.conf": "2"}}, ['data["app.conf"]']),
        ({"a": ["x", "y"]}, {"a": ["x", "z", "q"]}, ["a[1]", "a[2]"]),
        (
            {"c": [{"name": "a", "v": 1}]},
            {"c": [{"name": "b"}, {"name": "a", "v": 2}]},
            ['c[{"name":"a"}].v', 'c[{"name":"b"}]'],
        ),
        ({"c": [{"name": "a"}, {"name": "b"}]}, {"c": [{"name": "b"}, {"name": "a"}]}, ["c"]),
        (
            {"p": [{"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]},
            {"p": [{"port": 53, "protocol": "TCP", "x": 1}, {"port": 53, "protocol": "UDP"}]},
            ['p[{"port":53,"protocol":"TCP"}].x'],
        ),
    ],
)
def test_changed_fields_by_path(before, after, paths):
    assert changed_fields(before, after) == paths
