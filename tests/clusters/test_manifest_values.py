import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clusters.manifests import LAST_PHASE, PHASES, Manifest, ObjectId, manifest, ordered, phase_of


def body(kind="ConfigMap", name="web", namespace="shop", api_version="v1", **more):
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **more}


@pytest.mark.parametrize(
    ("given_body", "text"),
    [
        (body(), "core/ConfigMap/shop/web"),
        (body("Deployment", api_version="apps/v1"), "apps/Deployment/shop/web"),
        (body("Namespace", "shop", ""), "core/Namespace//shop"),
        (body("HTTPRoute", api_version="gateway.networking.k8s.io/v1"), "gateway.networking.k8s.io/HTTPRoute/shop/web"),
    ],
)
def test_an_id_is_written_and_read_back(given_body, text):
    assert str(ObjectId.of(given_body)) == text
    assert ObjectId.parse(text) == ObjectId.of(given_body)


def test_an_id_does_not_change_with_the_version():
    assert ObjectId.of(body("X", api_version="a.example/v1")) == ObjectId.of(body("X", api_version="a.example/v2beta1"))


@pytest.mark.parametrize(
    "text", ["", "core", "core/ConfigMap/web", "/ConfigMap/shop/web", "core/ConfigMap/shop/", "a/b/c/d/e"]
)
def test_a_text_that_is_no_id_is_refused(text):
    with pytest.raises(ValueError):
        ObjectId.parse(text)


ids = st.builds(
    ObjectId,
    st.sampled_from(["", "apps", "batch", "gateway.networking.k8s.io"]),
    st.sampled_from(["Secret", "Job", "HTTPRoute"]),
    st.sampled_from(["", "shop", "a-b"]),
    st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,10}[a-z0-9])?", fullmatch=True),
)


@given(ids)
def test_every_id_survives_its_text(each):
    assert ObjectId.parse(str(each)) == each


def test_a_manifest_round_trips_through_json():
    secret = manifest(body("Secret", type="Opaque", immutable=True), {"password": "binding/7/password"})
    assert Manifest.from_json(json.loads(json.dumps(secret.to_json()))) == secret
    assert secret.phase == phase_of("Secret")


def test_a_manifest_keeps_its_own_copy():
    source = body(data={"a": "1"})
    made = manifest(source)
    source["data"]["a"] = "2"
    made.to_json()["body"]["data"]["a"] = "3"
    assert made.body["data"] == {"a": "1"}


def edited(**metadata):
    return {**body(), "metadata": {**body()["metadata"], **metadata}}


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"apiVersion": "v1", "kind": "ConfigMap"},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": "web"},
        {**body(), "kind": ""},
        {**body(), "kind": "configMap/../x"},
        {**body(), "apiVersion": "apps/v1/x"},
        {**body(), "apiVersion": "core/v1"},
        {**body(), "apiVersion": "latest"},
        body(name="Web"),
        body(name="-web"),
        body(name="web-"),
        body(name="a..b"),
        body(name="../../etc"),
        body(name="web\n"),
        body(name="x" * 254),
        body(namespace="a.b"),
        body(namespace="x" * 64),
        body(status={}),
        edited(uid="1"),
        edited(resourceVersion="1"),
        edited(managedFields=[]),
        edited(creationTimestamp=None),
        edited(generateName="web-"),
        edited(annotations={"dougong.dev/claim": "forged"}),
        edited(annotations={"dougong.dev/epoch": "9"}),
        edited(annotations={"n": 1}),
        edited(labels=None),
        body(data={"a": float("nan")}),
        body(data={"a": ("tuple",)}),
        body(data={"a": b"bytes"}),
        body(data={1: "a"}),
        body(data={"a": "nul\0"}),
        body(data={"a\0": "nul"}),
        body(data={"a": "\ud800"}),
        body(data={"a": 2**63}),
        body("Secret", data={"password": "aHVudGVyMg=="}),
        body("Secret", stringData={"password": "hunter2"}),
    ],
)
def test_an_unsound_body_is_refused(bad):
    with pytest.raises(ValueError):
        manifest(bad)


def test_a_bottomless_body_is_refused():
    deep = {}
    for _ in range(500):
        deep = {"a": deep}
    with pytest.raises(ValueError):
        Manifest(body(data=deep), 0)


@pytest.mark.parametrize("references", [{"": "r"}, {"a/b": "r"}, {"a": ""}, {"a": 1}])
def test_an_unsound_reference_is_refused(references):
    with pytest.raises(ValueError):
        manifest(body("Secret"), references)


def test_only_a_secret_has_references():
    with pytest.raises(ValueError, match="core/ConfigMap/shop/web"):
        manifest(body(), {"a": "r"})


def test_phases_follow_what_needs_what():
    chain = ["Namespace", "ServiceAccount", "Secret", "Service", "Deployment", "HorizontalPodAutoscaler"]
    phases = [phase_of(kind) for kind in chain]
    assert phases == sorted(set(phases))
    assert phase_of("CertificateRequestOfSomebody") == LAST_PHASE


def test_each_kind_is_in_one_phase():
    kinds = [kind for phase in PHASES for kind in phase]
    assert len(kinds) == len(set(kinds))


def test_apply_order_is_phase_then_kind_then_id():
    made = [
        manifest(body("Zebra", api_version="zoo.example/v1")),
        manifest(body("HTTPRoute", api_version="gateway.networking.k8s.io/v1")),
        manifest(body("Deployment", "b", api_version="apps/v1")),
        manifest(body("Deployment", "a", api_version="apps/v1")),
        manifest(body("Secret")),
        manifest(body("ConfigMap")),
        manifest(body("Namespace", "shop", "")),
        manifest(body("Job", "first", api_version="batch/v1"), phase=0),
    ]
    assert [str(each.id) for each in ordered(made)] == [
        "core/Namespace//shop",
        "batch/Job/shop/first",
        "core/ConfigMap/shop/web",
        "core/Secret/shop/web",
        "apps/Deployment/shop/a",
        "apps/Deployment/shop/b",
        "gateway.networking.k8s.io/HTTPRoute/shop/web",
        "zoo.example/Zebra/shop/web",
    ]


def test_an_id_that_comes_twice_is_named():
    with pytest.raises(ValueError, match="core/ConfigMap/shop/web"):
        ordered([manifest(body()), manifest(body(data={}))])


@given(st.permutations(["a", "b", "c", "d"]))
def test_order_does_not_depend_on_the_order_given(names):
    made = [manifest(body(kind, name)) for name in names for kind in ("Secret", "ConfigMap", "Thing")]
    before = copy.deepcopy(made)
    assert [each.id for each in ordered(made)] == [each.id for each in ordered(sorted(made, key=lambda m: m.id))]
    assert made == before
