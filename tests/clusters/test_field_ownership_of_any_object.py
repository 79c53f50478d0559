"""Objects of any shape, each leaf owned by us, by others, by both or by nobody."""

import json

from hypothesis import given
from hypothesis import strategies as st

from clusters.fields import changed_fields, cut, owned_fields, owners_of
from tests.clusters.managed_objects import entry, live

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


@given(shapes)
def test_no_foreign_field_appears_and_none_of_ours_is_lost(shape):
    found = live(
        {"spec": part(shape, None)},
        entry("dougong", {"f:spec": tree(shape, "us")} if owns(shape, "us") else {}),
        entry("other", {"f:spec": tree(shape, "them")} if owns(shape, "them") else {}, "Update"),
    )
    assert owned_fields(found, "dougong") == ({"spec": part(shape, "us")} if owns(shape, "us") else {})


@given(shapes)
def test_cutting_twice_equals_once(shape):
    mine, theirs = tree(shape, "us"), tree(shape, "them")
    once = cut(part(shape, None), mine, theirs)
    assert cut(once, mine, theirs) == once


@given(shapes, shapes)
def test_two_objects_differ_at_some_path_or_are_equal(one, other):
    before, after = {"spec": part(one, None)}, {"spec": part(other, None)}
    assert bool(changed_fields(before, after)) is (before != after)


@given(shapes)
def test_every_changed_path_can_be_asked_for_its_owners(shape):
    found = live({"spec": part(shape, None)}, entry("dougong", {"f:spec": tree(shape, "us")}))
    for path in changed_fields({"spec": part(shape, "them")}, {"spec": part(shape, None)}):
        assert owners_of(found, path) in ([], ["dougong"])
