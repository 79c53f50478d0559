"""Somebody sets a field back each time we set it: a controller is let have it and named, a person is not."""

from datetime import UTC, datetime, timedelta

import pytest

from clusters.models import OwnedObject
from clusters.reconcile import fights

OPERATOR = "image-operator"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def work(submit, until, healthy, ground, config):
    found = submit("application", [*ground, config("a", key="ours", other="1")])
    until(lambda: healthy(found))
    return found


@pytest.fixture
def set_back(admin, live, oid, sweep, monkeypatch):
    """set_back(times, manager): sets the field back and lets us look, again and again; what it then was each time."""
    monkeypatch.setattr(fights, "UNDONE_SECONDS", 600.0)  # a loaded machine is not to pass for a slow hand

    def turns(times, manager=OPERATOR, value="theirs", pause=lambda: None):
        seen = []
        for _ in range(times):
            admin.merge(oid("ConfigMap", "a"), {"data": {"key": value}}, manager=manager)
            pause()
            sweep()
            seen.append(live("ConfigMap", "a")["data"]["key"])
        return seen

    return turns


def test_a_controller_is_let_have_the_field_after_three_turns(work, set_back, sweep, live, condition, healthy):
    assert set_back(3) == ["ours", "ours", "theirs"]
    told = condition(work, "FieldFought")
    assert (told["status"], told["reason"]) == ("True", "SetBack")
    assert f"data.key is set back by {OPERATOR}" in told["message"]
    assert healthy(work)
    before = live("ConfigMap", "a")
    sweep(3)
    assert live("ConfigMap", "a") == before
    assert condition(work, "FieldFought") == told


def test_other_fields_are_still_repaired_and_a_third_value_is_drift(work, set_back, sweep, live, admin, oid, condition):
    set_back(3)
    admin.merge(oid("ConfigMap", "a"), {"data": {"other": "2"}})
    sweep()
    assert live("ConfigMap", "a")["data"] == {"key": "theirs", "other": "1"}
    assert condition(work, "FieldFought") is not None
    admin.merge(oid("ConfigMap", "a"), {"data": {"key": "a third"}}, manager=OPERATOR)
    sweep()
    assert live("ConfigMap", "a")["data"]["key"] == "ours"
    assert condition(work, "FieldFought") is None


def test_a_new_generation_tries_again(work, set_back, submit, drain, ground, config, live, condition):
    set_back(3)
    submit("application", [*ground, config("a", key="ours", other="1")], release="another")
    drain()
    assert live("ConfigMap", "a")["data"]["key"] == "ours"
    assert condition(work, "FieldFought") is None


def test_a_person_in_a_hurry_is_always_set_right(work, set_back, condition):
    assert set_back(4, manager="kubectl-edit") == ["ours"] * 4
    assert condition(work, "FieldFought") is None


def test_who_takes_his_time_is_always_set_right(work, set_back, row, oid, condition):
    def an_hour_passes():
        mine = row(oid("ConfigMap", "a"))
        if mine.fights:
            earlier = datetime.fromisoformat(mine.fights["at"]) - timedelta(hours=1)
            OwnedObject.objects.filter(pk=mine.pk).update(fights={**mine.fights, "at": earlier.isoformat()})

    assert set_back(4, pause=an_hour_passes) == ["ours"] * 4
    assert condition(work, "FieldFought") is None


def test_other_values_or_other_managers_make_no_fight(work, set_back, condition):
    for turn in range(3):
        assert set_back(1, value=f"value {turn}") == ["ours"]
    for turn in range(3):
        assert set_back(1, manager=f"manager-{turn}") == ["ours"]
    assert condition(work, "FieldFought") is None


def body(**data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}


def test_a_label_that_is_taken_away_each_time_is_given_up_too():
    sent, live = body(key="1"), body()
    found = {}
    for turn in range(3):
        assert not list(fights.given_up(found))
        found = fights.seen(found, sent, live, 1, NOW + timedelta(seconds=turn))
    assert fights.conceded(found, sent, live) == live
    assert [(path, by) for path, by, _ in fights.given_up(found)] == [("data.key", fights.NOBODY_NAMED)]


def test_what_a_server_spells_otherwise_is_no_fight():
    sent = {"limits": {"cpu": "0.5", "memory": "1024Mi"}, "empty": {}, "none": None, "ports": [{"containerPort": 80}]}
    answer = {
        "limits": {"cpu": "500m", "memory": "1Gi"},
        "ports": [{"containerPort": 80, "protocol": "TCP"}],
        "more": 1,
    }
    assert fights.answered({}, sent, answer, 1, NOW) == {}
