"""What probes are told, without a login."""

import pytest
import redis
from django.db import DatabaseError

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
