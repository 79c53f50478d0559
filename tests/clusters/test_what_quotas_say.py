"""How full a quota is, read off objects as clusters have them."""

from clusters.quotas import sight

QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"namespace": "demo", "name": "dougong-quota"},
    "spec": {"hard": {"pods": "10"}},
    "status": {"hard": {"pods": "10"}, "used": {"pods": "3"}},
}


def test_what_is_used_of_what():
    assert sight(QUOTA) == {
        "id": "core/ResourceQuota/demo/dougong-quota", "hard": {"pods": "10"}, "used": {"pods": "3"},
    }  # fmt: skip


def test_one_that_was_not_counted_yet_and_other_objects_say_nothing():
    assert sight({**QUOTA, "status": {}}) is None
    assert sight({key: value for key, value in QUOTA.items() if key != "status"}) is None
    assert sight({**QUOTA, "kind": "LimitRange"}) is None


def test_what_is_no_amount_is_left_out():
    assert sight({**QUOTA, "status": {"hard": {"pods": "10"}, "used": {"pods": 3}}})["used"] == {}
