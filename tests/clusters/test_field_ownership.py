import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.fields import changed_fields, cut, live_digest, owned_fields, owners_of
from clusters.manifests import digest


def entry(manager, fields, operation="Apply", time="2026-03-01T10:00:00Z", **more):
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": "apps/v1",
        "time": time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        **more,
    }


def live(body, *entries):
    body = copy.deepcopy(body)
    body.setdefault("metadata", {})["managedFields"] = list(entries)
    return body


DEPLOYMENT = live(
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "uid": "5b1c",
            "resourceVersion": "1042",
            "generation": 3,
            "labels": {"app.kubernetes.io/name": "web", "foreign": "1"},
            "annotations": {
                "deployment.kubernetes.io/revision": "2",
                "dougong.dev/claim": "c1",
                "dougong.dev/epoch": "7",
                "team": "red",
            },
        },
        "spec": {
            "progressDeadlineSeconds": 600,
            "replicas": 4,
            "revisionHistoryLimit": 10,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {
                    "containers": [
                        {"name": "injected", "image": "mesh:1"},
                        {
                            "name": "web",
                            "image": "shop/web@sha256:aa",
                            "imagePullPolicy": "IfNotPresent",
                            "env": [{"name": "A", "value": "1"}, {"name": "FOREIGN", "value": "x"}],
                            "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
                            "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}},
                        },
                    ],
                    "restartPolicy": "Always",
                    "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": "1Gi"}}],
                },
            },
        },
        "status": {"replicas": 4},
    },
    entry(
        "dougong",
        {
            "f:metadata": {
                "f:annotations": {"f:dougong.dev/claim": {}, "f:dougong.dev/epoch": {}, "f:team": {}},
                "f:labels": {"f:app.kubernetes.io/name": {}},
            },
            "f:spec": {
                "f:selector": {},
                "f:template": {
                    "f:metadata": {"f:labels": {"f:app": {}}},
                    "f:spec": {
                        "f:containers": {
                            'k:{"name":"web"}': {
                                ".": {},
                                "f:env": {'k:{"name":"A"}': {".": {}, "f:name": {}, "f:value": {}}},
                                "f:image": {},
                                "f:name": {},
                                "f:ports": {
                                    'k:{"containerPort":8080,"protocol":"TCP"}': {
                                        ".": {},
                                        "f:containerPort": {},
                                        "f:name": {},
                                    }
                                },
                                "f:resources": {"f:limits": {"f:cpu": {}, "f:memory": {}}},
                            }
                        },
                        "f:volumes": {'k:{"name":"tmp"}': {".": {}, "f:emptyDir": {}, "f:name": {}}},
                    },
                },
            },
        },
    ),
    entry("dougong-handover", {"f:spec": {"f:replicas": {}}}, time="2026-03-01T10:01:00Z"),
    entry(
        "kubectl-edit",
        {
            "f:metadata": {"f:labels": {"f:foreign": {}}},
            "f:spec": {
                "f:template": {
                    "f:spec": {
                        "f:containers": {
                            'k:{"name":"injected"}': {".": {}, "f:name": {}, "f:image": {}},
                            'k:{"name":"web"}': {
                                "f:env": {'k:{"name":"FOREIGN"}': {".": {}, "f:name": {}, "f:value": {}}}
                            },
                        },
                        "f:volumes": {'k:{"name":"tmp"}': {"f:emptyDir": {"f:sizeLimit": {}}}},
                    }
                }
            },
        },
        "Update",
        "2026-03-01T11:00:00Z",
    ),
    entry("horizontal", {"f:spec": {"f:replicas": {}}}, "Update", "2026-03-01T12:00:00Z", subresource="scale"),
    entry(
        "kube-controller-manager",
        {
            "f:metadata": {"f:annotations": {".": {}, "f:deployment.kubernetes.io/revision": {}}},
            "f:status": {"f:replicas": {}},
        },
        "Update",
        "2026-03-01T12:00:00Z",
        subresource="status",
    ),
)

SERVICE = live(
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {
            "clusterIP": "10.0.0.9",
            "ports": [
                {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 5353},
                {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 5353, "nodePort": 30053},
            ],
            "selector": {"app": "web"},
            "type": "ClusterIP",
        },
    },
    entry(
        "dougong",
        {
            "f:spec": {
                "f:ports": {
                    'k:{"port":53,"protocol":"TCP"}': {".": {}, "f:name": {}, "f:port": {}, "f:targetPort": {}},
                    'k:{"port":53,"protocol":"UDP"}': {
                        ".": {},
                        "f:name": {},
                        "f:port": {},
                        "f:protocol": {},
                        "f:targetPort": {},
                    },
                },
                "f:selector": {},
            }
        },
    ),
)

CONFIG_MAP = live(
    {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "web", "finalizers": ["keep/ours", "keep/theirs"]},
        "data": {"app.conf": "a=1", "theirs": "x"},
        "immutable": True,
    },
    entry(
        "dougong",
        {"f:data": {"f:app.conf": {}}, "f:immutable": {}, "f:metadata": {"f:finalizers": {'v:"keep/ours"': {}}}},
    ),
    entry("other", {"f:data": {"f:theirs": {}}, "f:metadata": {"f:finalizers": {'v:"keep/theirs"': {}}}}),
)

RULES = [{"backendRefs": [{"name": "web", "port": 80, "weight": 1}], "matches": [{"path": {"value": "/"}}]}]
HTTP_ROUTE = live(
    {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "web"},
        "spec": {"hostnames": ["shop.example"], "parentRefs": [{"name": "public"}], "rules": RULES},
        "status": {"parents": []},
    },
    entry("dougong", {"f:spec": {"f:hostnames": {}, "f:parentRefs": {}, "f:rules": {}}}),
    entry("traefik", {"f:status": {"f:parents": {}}}, "Update", subresource="status"),
)


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


# A shape is the owner of a leaf, or ("map" | "keyed" | "set", {name: shape}).
owners = st.sampled_from(["us", "them", "both", "nobody"])
names = st.sampled_from(["a", "b.c/d", "name", "f:x", "."])
branches = st.tuples(st.just("set"), st.dictionaries(names, owners, min_size=1, max_size=3))
shapes = st.recursive(
    owners | branches,
    lambda inner: st.tuples(st.sampled_from(["map", "keyed"]), st.dictionaries(names, inner, min_size=1, max_size=3)),
    max_leaves=10,
)
LEAVES = {"us": 1, "them": {"whole": [2]}, "both": [1, {"name": "x"}], "nobody": "default"}


def owns(shape, who):
    if isinstance(shape, str):
        return who is None or shape in (who, "both")
    return any(owns(below, who) for below in shape[1].values())


def part(shape, who):
    """What `who` owns of the value of a shape; everything for None."""
    if isinstance(shape, str):
        return LEAVES[shape]
    kind, below = shape
    mine = {name: inner for name, inner in below.items() if owns(inner, who)}
    if kind == "set":
        return list(mine)
    if kind == "map":
        return {name: part(inner, who) for name, inner in mine.items()}
    return [{"key": name, "inner": part(inner, who)} for name, inner in mine.items()]


def tree(shape, who):
    if isinstance(shape, str):
        return {}
    kind, below = shape
    mine = {name: tree(inner, who) for name, inner in below.items() if owns(inner, who)}
    if kind == "set":
        return {f"v:{json.dumps(name)}": {} for name in mine}
    if kind == "map":
        return {f"f:{name}": inner for name, inner in mine.items()}
    return {"k:" + json.dumps({"key": name}): {".": {}, "f:key": {}, "f:inner": inner} for name, inner in mine.items()}


@settings(deadline=None)
@given(shapes)
def test_no_foreign_field_appears_and_none_of_ours_is_lost(shape):
    found = live(
        {"spec": part(shape, None)},
        entry("dougong", {"f:spec": tree(shape, "us")} if owns(shape, "us") else {}),
        entry("other", {"f:spec": tree(shape, "them")} if owns(shape, "them") else {}, "Update"),
    )
    assert owned_fields(found, "dougong") == ({"spec": part(shape, "us")} if owns(shape, "us") else {})


@settings(deadline=None)
@given(shapes)
def test_cutting_twice_equals_once(shape):
    mine, theirs = tree(shape, "us"), tree(shape, "them")
    once = cut(part(shape, None), mine, theirs)
    assert cut(once, mine, theirs) == once


@settings(deadline=None)
@given(shapes, shapes)
def test_two_objects_differ_at_some_path_or_are_equal(one, other):
    before, after = {"spec": part(one, None)}, {"spec": part(other, None)}
    assert bool(changed_fields(before, after)) is (before != after)


@settings(deadline=None)
@given(shapes)
def test_every_changed_path_can_be_asked_for_its_owners(shape):
    found = live({"spec": part(shape, None)}, entry("dougong", {"f:spec": tree(shape, "us")}))
    for path in changed_fields({"spec": part(shape, "them")}, {"spec": part(shape, None)}):
        assert owners_of(found, path) in ([], ["dougong"])
