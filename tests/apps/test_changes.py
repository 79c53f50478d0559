"""What differs between two desired states of a cluster, object by object."""

from apps.changes import changes
from clusters.manifests import manifest


def stored(kind, name, references=None, **body):
    version = {"Deployment": "apps/v1"}.get(kind, "v1")
    metadata = {"name": name, "namespace": "n"}
    return manifest(
        {"apiVersion": version, "kind": kind, "metadata": metadata, **body}, references=references
    ).to_json()  # fmt: skip


def told(before, after):
    return [(each.change, each.to_json()["id"]) for each in changes(before, after)]


def test_nothing_where_both_say_the_same():
    state = [stored("ConfigMap", "a", data={"k": "v"}), stored("Secret", "s", {"p": "secret:1/p"})]
    assert changes(state, [dict(each) for each in reversed(state)]) == []


def test_added_and_removed_are_told_whole():
    one, other = stored("ConfigMap", "a", data={"k": "v"}), stored("ConfigMap", "b", data={"k": "w"})
    added, removed = changes([one], [other])
    assert (added.change, added.body["data"], added.fields) == ("added", {"k": "w"}, ())
    assert (removed.change, removed.body["data"]) == ("removed", {"k": "v"})


def test_a_changed_one_is_told_field_by_field():
    def web(image, replicas):
        containers = [{"name": "web", "image": image}, {"name": "side", "image": "s"}]
        return stored(
            "Deployment", "web", spec={"replicas": replicas, "template": {"spec": {"containers": containers}}}
        )

    [found] = changes([web("a", 2)], [web("b", 3)])
    assert found.change == "changed"
    assert found.fields == (
        ("spec.replicas", 2, 3),
        ('spec.template.spec.containers[{"name":"web"}].image', "a", "b"),
    )
    assert found.to_json()["object"] is None


def test_a_field_that_comes_or_goes_has_nothing_on_one_side():
    [found] = changes([stored("ConfigMap", "a", data={"x": "1"})], [stored("ConfigMap", "a", data={"y": "2"})])
    assert found.fields == (("data.x", "1", None), ("data.y", None, "2"))


def test_a_secret_has_references_in_the_place_of_values():
    [found] = changes([], [stored("Secret", "s", {"password": "secret:1/password"})])
    assert found.body["data"] == {"password": "secret:1/password"}
    [found] = changes([stored("Secret", "s", {"p": "secret:1/p"})], [stored("Secret", "s", {"p": "secret:2/p"})])
    assert found.fields == (("data.p", "secret:1/p", "secret:2/p"),)


def test_first_what_comes_in_the_order_of_delivery_then_what_goes():
    before = [stored("Deployment", "gone"), stored("ConfigMap", "gone")]
    after = [stored("ConfigMap", "a"), stored("Deployment", "a")]
    assert told(before, after) == [
        ("added", "ConfigMap/a"),
        ("added", "Deployment/a"),
        ("removed", "ConfigMap/gone"),
        ("removed", "Deployment/gone"),
    ]
