import pytest
from hypothesis import given
from hypothesis import strategies as st

from clusters.inventory import EXTERNAL_SECRET, PROTECTED, PrunePlan, plan_prune, referenced, removable
from clusters.manifests import ObjectId


def thing(name, kind="ConfigMap", group=""):
    return ObjectId(group, kind, "shop", name)


A, B, C, D = (thing(name) for name in "abcd")
CLAIM = thing("data", "PersistentVolumeClaim")
UNIVERSE = [A, B, C, D, CLAIM]
id_sets = st.frozensets(st.sampled_from(UNIVERSE))
# One step of a Work's life: a new desired set, and the ids that are found gone before the next.
histories = st.lists(st.tuples(id_sets, id_sets), min_size=1, max_size=8)


@given(id_sets, id_sets, id_sets)
def test_removable_is_the_set_equation(previous, before, after):
    assert removable(previous, before, after) == (previous | before) - after


@given(histories)
def test_nothing_desired_is_ever_removable_and_nothing_once_desired_is_forgotten(steps):
    pending, desired, exists = set(), frozenset(), set()
    for wanted, gone in steps:
        pending = removable(pending, desired, wanted)
        desired = wanted
        exists |= desired
        assert not pending & desired
        assert exists == pending | desired
        exists -= gone - desired
        pending -= gone - desired


@given(id_sets, id_sets)
def test_back_and_forth_leaves_only_what_the_middle_added(first, middle):
    there = removable(set(), first, middle)
    assert removable(there, middle, first) == middle - first


@given(
    st.dictionaries(st.sampled_from(UNIVERSE), st.none() | st.just("u"), max_size=5), id_sets, id_sets, id_sets, id_sets
)
def test_a_plan_splits_what_is_not_desired(rows, desired, may_go, named, in_use):
    plan = plan_prune(rows, desired, may_go, named=named, in_use=in_use)
    parts = [set(part) for part in (plan.delete, plan.unconfirmed, plan.held, plan.in_use, plan.absent)]
    assert set().union(*parts) == (rows.keys() | may_go | named) - desired
    assert sum(map(len, parts)) == len(set().union(*parts))
    assert all(list(part) == sorted(part) for part in (plan.delete, plan.unconfirmed, plan.held, plan.in_use))
    for each in (*plan.delete, *plan.unconfirmed):
        assert each in rows
        assert each in may_go | named
        assert each not in desired | in_use
        assert each != CLAIM or each in named
    assert all(rows[each] for each in plan.delete)


@pytest.mark.parametrize(
    ("rows", "desired", "may_go", "more", "plan"),
    [
        ({A: "u", B: "u"}, {A}, {B}, {}, PrunePlan(delete=(B,))),
        ({A: "u", B: "u"}, {A}, set(), {}, PrunePlan(held=(B,))),
        ({B: "u"}, set(), set(), {"named": {B}}, PrunePlan(delete=(B,))),
        ({B: None}, set(), {B}, {}, PrunePlan(unconfirmed=(B,))),
        ({A: "u"}, {A}, {B}, {}, PrunePlan(absent=(B,))),
        ({A: "u"}, {A}, {A}, {}, PrunePlan()),
        ({B: "u"}, set(), {B}, {"in_use": {B}}, PrunePlan(in_use=(B,))),
        ({CLAIM: "u"}, set(), {CLAIM}, {}, PrunePlan(held=(CLAIM,))),
        ({CLAIM: "u"}, set(), {CLAIM}, {"named": {CLAIM}}, PrunePlan(delete=(CLAIM,))),
        ({CLAIM: "u"}, {CLAIM}, {CLAIM}, {"named": {CLAIM}}, PrunePlan()),
        ({}, set(), set(), {}, PrunePlan()),
    ],
)
def test_plans(rows, desired, may_go, more, plan):
    assert plan_prune(rows, desired, may_go, **more) == plan


@pytest.mark.parametrize("group_and_kind", sorted(PROTECTED))
def test_protected_kinds_stay_unless_named(group_and_kind):
    group, kind = group_and_kind
    each = ObjectId(group, kind, "", "x")
    assert plan_prune({each: "u"}, set(), {each}).held == (each,)
    assert plan_prune({each: "u"}, set(), {each}, named={each}).delete == (each,)


def test_a_foreign_kind_of_the_same_name_is_not_protected():
    each = ObjectId("example.com", "Namespace", "", "x")
    assert plan_prune({each: "u"}, set(), {each}).delete == (each,)


POD_SPEC = {
    "containers": [
        {
            "env": [
                {"name": "A", "value": "1"},
                {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "cm-env", "key": "b"}}},
                {"name": "C", "valueFrom": {"secretKeyRef": {"name": "s-env", "key": "c", "optional": True}}},
                {"name": "D", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            ],
            "envFrom": [{"configMapRef": {"name": "cm-from"}}, {"secretRef": {"name": "s-from"}}],
        }
    ],
    "initContainers": [{"envFrom": [{"secretRef": {"name": "s-init"}}]}],
    "ephemeralContainers": [{"envFrom": [{"secretRef": {"name": "s-debug"}}]}],
    "imagePullSecrets": [{"name": "s-pull"}],
    "volumes": [
        {"name": "a", "configMap": {"name": "cm-volume"}},
        {"name": "b", "secret": {"secretName": "s-volume"}},
        {"name": "c", "projected": {"sources": [{"configMap": {"name": "cm-proj"}}, {"secret": {"name": "s-proj"}}]}},
        {"name": "d", "csi": {"driver": "x", "nodePublishSecretRef": {"name": "s-csi"}}},
        {"name": "e", "azureFile": {"secretName": "s-azure", "shareName": "x"}},
        {"name": "f", "cephfs": {"monitors": [], "secretRef": {"name": "s-ceph"}}},
        {"name": "g", "emptyDir": {}},
        {"name": "h", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
    ],
}
ALL_NAMES = {
    *("cm-env", "cm-from", "cm-volume", "cm-proj"),
    *("s-env", "s-from", "s-init", "s-debug", "s-pull", "s-volume", "s-proj", "s-csi", "s-azure", "s-ceph"),
}


def with_template(kind, status=None, **spec):
    return {
        "kind": kind,
        "metadata": {"name": "x", "namespace": "shop"},
        "spec": {"template": {"spec": POD_SPEC}, **spec},
        "status": status or {},
    }


POD = {"kind": "Pod", "metadata": {"namespace": "shop"}, "spec": POD_SPEC}
FINISHED = {"conditions": [{"type": "Complete", "status": "True"}]}


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (POD, ALL_NAMES),
        (with_template("ReplicaSet", replicas=1), ALL_NAMES),
        (with_template("ReplicaSet"), ALL_NAMES),
        (with_template("ReplicaSet", replicas=0), set()),
        (with_template("ReplicaSet", {"replicas": 1}, replicas=0), ALL_NAMES),
        (with_template("Job"), ALL_NAMES),
        (with_template("Job", {"conditions": [{"type": "Suspended", "status": "True"}]}), ALL_NAMES),
        (with_template("Job", {"conditions": [{"type": "Failed", "status": "False"}]}), ALL_NAMES),
        (with_template("Job", FINISHED), set()),
        (with_template("Job", {"conditions": [{"type": "Failed", "status": "True"}]}), set()),
        (with_template("Deployment", replicas=3), set()),
        ({"kind": "Pod"}, set()),
        ({"kind": "Pod", "spec": {"containers": None, "volumes": [{"name": "x", "secret": None}]}}, set()),
    ],
)
def test_what_a_body_names(body, names):
    found = referenced([body])
    maps, secrets = {each for each in names if each.startswith("cm-")}, {each for each in names if each[:2] == "s-"}
    assert {each.name for each in found if each.kind == "ConfigMap"} == maps
    assert {each.name for each in found if (each.group, each.kind) == ("", "Secret")} == secrets
    assert {each.name for each in found if (each.group, each.kind) == EXTERNAL_SECRET} == secrets
    assert {each.namespace for each in found} <= {"shop"}


def test_an_item_without_its_kind_is_refused():
    with pytest.raises(ValueError):
        referenced([{"metadata": {}, "spec": {}}])
