import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clusters.manifests import (
    ANNOTATION_CLAIM,
    ANNOTATION_EPOCH,
    ANNOTATION_GENERATION,
    ANNOTATION_RELEASE,
    claim_of,
    digest,
    epoch_of,
    secret_digest,
    sent_digest,
    stamped,
)

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop", "annotations": {"team": "red"}},
    "spec": {"replicas": 2, "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}}},
}
texts = st.text(st.characters(codec="utf-8"), max_size=6)
numbers = st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def shuffled(value):
    if isinstance(value, dict):
        return {name: shuffled(value[name]) for name in reversed(value)}
    return [shuffled(item) for item in value] if isinstance(value, list) else value


@given(json_values)
def test_the_order_of_keys_does_not_matter(value):
    assert digest(shuffled(value)) == digest(value)


def test_a_digest_is_the_sha256_of_canonical_json():
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (0, -0.0), ((1, 2), [1, 2]), ({"a": 100.0}, {"a": 100})])
def test_what_json_writes_alike_has_one_digest(one, other):
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"), [(1, "1"), (1, True), (0, None), ([], {}), ([1, 2], [2, 1]), (0.1, 0.2), ({"a": None}, {})]
)
def test_what_differs_has_two_digests(one, other):
    assert digest(one) != digest(other)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, b"x", object(), {"a": {1}}, "\ud800"])
def test_what_is_not_json_has_none(value):
    with pytest.raises(ValueError):
        digest(value)


def test_a_secret_digest_depends_on_the_key():
    assert len({digest("hunter2"), secret_digest("hunter2", b"a"), secret_digest("hunter2", b"b")}) == 3
    with pytest.raises(ValueError):
        secret_digest("hunter2", b"")


def test_a_stamp_adds_claim_epoch_and_uid():
    stamp = stamped(DEPLOYMENT, claim="c1", epoch=7, annotations={ANNOTATION_RELEASE: "r1"}, uid="u1")
    assert stamp["metadata"] == {
        "name": "web",
        "namespace": "shop",
        "uid": "u1",
        "annotations": {"team": "red", ANNOTATION_RELEASE: "r1", ANNOTATION_CLAIM: "c1", ANNOTATION_EPOCH: "7"},
    }
    assert stamp["spec"] == DEPLOYMENT["spec"]


def test_a_stamp_without_uid_has_none():
    assert "uid" not in stamped(DEPLOYMENT, claim="c1", epoch=0)["metadata"]


def test_a_stamp_leaves_the_manifest_alone():
    before = copy.deepcopy(DEPLOYMENT)
    stamped(DEPLOYMENT, claim="c1", epoch=7, annotations={"x": "y"}, uid="u1")
    assert before == DEPLOYMENT


def test_further_annotations_cannot_replace_the_claim():
    stamp = stamped(DEPLOYMENT, claim="c1", epoch=7, annotations={ANNOTATION_CLAIM: "forged", ANNOTATION_EPOCH: "99"})
    assert stamp["metadata"]["annotations"][ANNOTATION_CLAIM] == "c1"
    assert stamp["metadata"]["annotations"][ANNOTATION_EPOCH] == "7"


def test_nothing_is_stamped_without_a_claim():
    with pytest.raises(ValueError):
        stamped(DEPLOYMENT, claim="", epoch=7)


@pytest.mark.parametrize("body", [DEPLOYMENT, {**DEPLOYMENT, "metadata": {"name": "web"}}])
def test_the_stamp_is_not_in_the_digest(body):
    further = {ANNOTATION_RELEASE: "r", ANNOTATION_GENERATION: "3"}
    assert sent_digest(stamped(body, claim="c", epoch=1, annotations=further, uid="u")) == sent_digest(body)


def test_other_annotations_are_in_the_digest():
    assert sent_digest(stamped(DEPLOYMENT, claim="c", epoch=1, annotations={"x": "y"})) != sent_digest(DEPLOYMENT)


def test_the_digest_of_a_secret_needs_a_key():
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "data": {"password": "aHVudGVyMg=="}}
    with pytest.raises(ValueError):
        sent_digest(secret)
    assert sent_digest(secret, b"k") == secret_digest(secret, b"k")


@pytest.mark.parametrize(
    ("annotations", "claim", "epoch"),
    [
        (None, "", 0),
        ({}, "", 0),
        ({ANNOTATION_CLAIM: "c", ANNOTATION_EPOCH: "7"}, "c", 7),
        ({ANNOTATION_EPOCH: "seven"}, "", 0),
        ({ANNOTATION_EPOCH: "-1"}, "", 0),
        ({ANNOTATION_EPOCH: "9" * 18}, "", 10**18 - 1),
        ({ANNOTATION_EPOCH: "9" * 19}, "", 0),
    ],
)
def test_the_stamp_is_read_back(annotations, claim, epoch):
    live = {"metadata": {"annotations": annotations}}
    assert (claim_of(live), epoch_of(live)) == (claim, epoch)
