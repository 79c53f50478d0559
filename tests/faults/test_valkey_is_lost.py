"""Valkey flushed, full, stopped and restarted while changes are made: hints are lost, changes are not."""

import pytest
import redis


def test_valkey_is_flushed_while_a_change_is_on_its_way(trial):
    trial.declare(greeting="flushed")
    with redis.Redis.from_url(trial.running.valkey) as client:
        client.flushdb()
    trial.greets("flushed")
    trial.settled()
    trial.recorded_once()
    trial.all_run()


def test_changes_are_accepted_while_valkey_is_down_and_delivered_after(trial):
    lab = trial.running.lab
    lab.stop("valkey")
    try:
        trial.declare(greeting="no Valkey")
        assert trial.running.api.get("/applications/").status_code == 200
    finally:
        lab.start("valkey")
    trial.greets("no Valkey")
    trial.settled()
    trial.recorded_once()
    trial.all_run()


def test_valkey_restarts_while_a_change_is_on_its_way(trial):
    trial.declare(greeting="Valkey restarts")
    trial.running.lab.stop("valkey")
    trial.running.lab.start("valkey")
    trial.greets("Valkey restarts")
    trial.settled()
    trial.recorded_once()
    trial.all_run()


def test_changes_are_accepted_while_valkey_is_full_and_delivered_after(trial):
    with redis.Redis.from_url(trial.running.valkey) as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")
        try:
            with pytest.raises(redis.ResponseError, match="maxmemory"):
                client.set("anything", "1")
            trial.declare(greeting="Valkey is full")
            assert trial.running.api.get("/applications/").status_code == 200
        finally:
            client.config_set("maxmemory", "0")
    trial.greets("Valkey is full")
    trial.settled()
    trial.recorded_once()
    trial.all_run()
