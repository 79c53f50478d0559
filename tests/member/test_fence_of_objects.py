"""The fence on objects in a namespace of ours: the claim and the epoch, asked of a real API server as the writer."""

import json

import pytest


@pytest.fixture
def path(ours, name):
    """Where a ConfigMap of this test's own is."""
    return f"/api/v1/namespaces/{ours}/configmaps/{name}"


@pytest.fixture
def made(writer, path, config_map, name):
    """It is there, with claim "c-1" and epoch 5."""
    assert writer.apply(path, config_map(name, claim="c-1", epoch=5)).status == 201
    return path


@pytest.fixture
def theirs(admin, ours, name):
    """Somebody else's ConfigMap of that name in our namespace."""
    admin("create", "configmap", name, "-n", ours, "--from-literal=key=theirs")
    return f"/api/v1/namespaces/{ours}/configmaps/{name}"


def test_creates_with_a_claim(writer, path, config_map, name):
    assert writer.apply(path, config_map(name, claim="c-1", epoch=1)).status == 201


def test_creates_by_post_with_a_claim(writer, ours, config_map, name):
    assert writer.create(f"/api/v1/namespaces/{ours}/configmaps", config_map(name, claim="c-1")).status == 201


def test_refuses_to_create_without_a_claim(writer, path, config_map, name):
    assert writer.apply(path, config_map(name, epoch=1)).fenced == "claim"
    assert writer.get(path).status == 404


def test_refuses_an_empty_claim(writer, path, config_map, name):
    body = config_map(name)
    body["metadata"]["annotations"] = {"dougong.dev/claim": ""}
    assert writer.apply(path, body).fenced == "claim"


def test_the_refusal_speaks_to_people_too(writer, path, config_map, name):
    answer = writer.apply(path, config_map(name))
    assert answer.status == 403
    assert answer.body["message"].endswith(
        "dougong-fence: claim: An object of Dougong is created with the annotation dougong.dev/claim."
    )


def test_updates_with_the_same_claim_and_epoch(writer, made, config_map, name):
    answer = writer.apply(made, config_map(name, claim="c-1", epoch=5, data={"key": "new"}), force=True)
    assert (answer.status, answer.body["data"]) == (200, {"key": "new"})


def test_updates_with_a_higher_epoch(writer, made, config_map, name):
    assert writer.apply(made, config_map(name, claim="c-1", epoch=10), force=True).status == 200


def test_refuses_another_claim(writer, made, config_map, name):
    assert writer.apply(made, config_map(name, claim="c-2", epoch=6), force=True).fenced == "claim"
    assert writer.get(made).body["metadata"]["annotations"]["dougong.dev/claim"] == "c-1"


def test_refuses_to_drop_the_claim(writer, made, config_map, name):
    assert writer.apply(made, config_map(name, epoch=6), force=True).fenced == "claim"


def test_refuses_a_lower_epoch(writer, made, config_map, name):
    assert writer.apply(made, config_map(name, claim="c-1", epoch=4), force=True).fenced == "epoch"
    assert writer.get(made).body["metadata"]["annotations"]["dougong.dev/epoch"] == "5"


def test_compares_epochs_as_numbers(writer, made, config_map, name):
    """As text 10 is below 5."""
    assert writer.apply(made, config_map(name, claim="c-1", epoch=10), force=True).status == 200
    assert writer.apply(made, config_map(name, claim="c-1", epoch=9), force=True).fenced == "epoch"


@pytest.mark.parametrize("unreadable", [None, "", "five", "-1", "5.5", "1" * 30])
def test_counts_an_unreadable_new_epoch_as_0(writer, made, config_map, name, unreadable):
    assert writer.apply(made, config_map(name, claim="c-1", epoch=unreadable), force=True).fenced == "epoch"


@pytest.mark.parametrize("unreadable", [None, "five", "-1", "1" * 30])
def test_counts_an_unreadable_old_epoch_as_0(writer, path, config_map, name, unreadable):
    assert writer.apply(path, config_map(name, claim="c-1", epoch=unreadable)).status == 201
    assert writer.apply(path, config_map(name, claim="c-1", epoch=0), force=True).status == 200


def test_refuses_a_foreign_object_though_the_keys_are_disjoint(writer, theirs, config_map, name):
    assert writer.apply(theirs, config_map(name, claim="c-1", epoch=9, data={"other": "ours"})).fenced == "claim"
    assert writer.get(theirs).body["data"] == {"key": "theirs"}


def test_refuses_a_foreign_object_by_force(writer, theirs, config_map, name):
    assert writer.apply(theirs, config_map(name, claim="c-1", epoch=9), force=True).fenced == "claim"
    assert writer.get(theirs).body["data"] == {"key": "theirs"}


def test_refuses_to_write_a_claim_on_a_foreign_object(writer, theirs):
    patch = {"metadata": {"annotations": {"dougong.dev/claim": "c-1"}}}
    assert writer.merge(theirs, patch).fenced == "claim"


def test_refuses_to_delete_a_foreign_object(writer, theirs):
    assert writer.delete(theirs).fenced == "claim"
    assert writer.get(theirs).status == 200


def test_deletes_what_carries_a_claim(writer, made):
    assert writer.delete(made).status == 200
    assert writer.get(made).status == 404


def test_gives_an_object_up_by_naming_its_claim(writer, made, config_map, name):
    answer = writer.apply(made, config_map(name, epoch=5, released="c-1"), force=True)
    assert answer.status == 200
    assert "dougong.dev/claim" not in answer.body["metadata"]["annotations"]
    assert writer.apply(made, config_map(name, claim="c-1", epoch=9), force=True).fenced == "claim"
    assert writer.delete(made).fenced == "claim"


def test_refuses_to_give_up_under_another_claim(writer, made, config_map, name):
    assert writer.apply(made, config_map(name, epoch=5, released="c-2"), force=True).fenced == "claim"


def test_giving_up_counts_epochs_too(writer, made, config_map, name):
    assert writer.apply(made, config_map(name, epoch=4, released="c-1"), force=True).fenced == "epoch"


def test_refuses_another_claim_although_the_old_one_is_released(writer, made, config_map, name):
    assert writer.apply(made, config_map(name, claim="c-2", epoch=6, released="c-1"), force=True).fenced == "claim"


def test_a_foreign_release_mark_gives_no_right(writer, admin, theirs, config_map, name):
    """No claim on either side is no equality."""
    admin("annotate", "configmap", name, "-n", theirs.split("/")[4], "dougong.dev/released=")
    assert writer.apply(theirs, config_map(name, epoch=6), force=True).fenced == "claim"


def test_cannot_replace(writer, made, name, config_map):
    """Server-side apply needs no update, so RBAC gives none."""
    answer = writer.send("PUT", made, config_map(name, claim="c-1", epoch=9), **{"Content-Type": "application/json"})
    assert answer.refused_by_rbac


def test_others_are_not_asked(admin, made, ours, name):
    """People with rights of their own edit as ever."""
    patch = json.dumps({"data": {"key": "by hand"}})
    admin("patch", "configmap", name, "-n", ours, "--type=merge", "-p", patch)
    kept = json.loads(admin("get", "configmap", name, "-n", ours, "-o", "json"))
    assert kept["data"] == {"key": "by hand"}


def test_a_dry_run_is_refused_alike(writer, path, config_map, name):
    kind = {"Content-Type": "application/apply-patch+yaml"}
    assert writer.send("PATCH", f"{path}?fieldManager=dougong&dryRun=All", config_map(name), **kind).fenced == "claim"
