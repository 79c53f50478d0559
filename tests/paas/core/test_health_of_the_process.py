"""What probes are told, without a login."""

import pytest
import redis
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from paas.core import health


@pytest.fixture
def broker(monkeypatch):
    monkeypatch.setattr(redis.Redis, "ping", lambda self: True)


def test_the_process_lives_without_anything_else(client):
    assert client.get("/livez").json() == {"status": "ok"}


def test_ready_with_database_and_broker(client, db, broker):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "checks": {"database": "ok", "migrations": "ok", "broker": "ok"}}


def test_without_the_broker_it_is_degraded_but_ready(client, db, settings):
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    response = client.get("/readyz")
    assert response.status_code == 200
    assert (response.json()["status"], response.json()["checks"]["broker"]) == ("degraded", "unreachable")


def test_without_the_database_it_is_not_ready(client, broker, monkeypatch):
    def gone(connection):
        raise DatabaseError("connection refused")

    monkeypatch.setattr(health, "MigrationExecutor", gone)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["status"] == "unavailable"


def test_metrics_count_requests_by_route(client, db):
    client.get("/api/v1/teams/no-such-team/")
    body = client.get("/metrics").content.decode()
    assert 'dougong_http_requests_total{method="GET",route="api/v1/teams/(?P<name>[^/.]+)/$",status="401"}' in body
    assert "no-such-team" not in body


def test_code_that_is_behind_its_database_is_ready_and_code_that_is_ahead_is_not(client, db, broker):
    recorder = MigrationRecorder(connection)
    recorder.record_applied("clusters", "9999_of_the_next_release")
    assert client.get("/readyz").status_code == 200
    recorder.record_unapplied("clusters", MigrationLoader(None).graph.leaf_nodes("clusters")[0][1])
    response = client.get("/readyz")
    assert (response.status_code, response.json()["checks"]["migrations"]) == (503, "1 not applied")
