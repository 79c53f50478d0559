"""`/livez` and `/readyz`: whether this process lives, and whether it can do its work. No login."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

logger = structlog.get_logger(__name__)


Check = Callable[[], str | None]
_others: dict[str, Check] = {}


def register_check(name: str, check: Check) -> None:
    """Let `/readyz` tell of something that a room depends on: "ok", what is wrong in a few words, or None where it is
    not in use. It degrades the platform and never makes it unavailable.
    """
    _others[name] = check


def livez(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """503 without the database or its migrations; `degraded` but 200 without the broker, which only carries hints, or
    with what another room needs.

    Body: `{"status": "ok", "checks": {"database": "ok", "migrations": "ok", "broker": "ok"}}`; the status may also be
    `degraded` or `unavailable`.
    """
    checks = {**_database(), "broker": _broker()}
    unavailable = any(checks[name] != "ok" for name in ("database", "migrations"))
    if not unavailable:
        checks |= {name: said for name, check in _others.items() if (said := check()) is not None}
    status = "ok" if all(said == "ok" for said in checks.values()) else "degraded"
    if unavailable:
        status = "unavailable"
    code = HTTPStatus.SERVICE_UNAVAILABLE if status == "unavailable" else HTTPStatus.OK
    return JsonResponse({"status": status, "checks": checks}, status=code)


def _database() -> dict[str, str]:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        logger.warning("readyz_database", error=str(error))
        return {"database": "unreachable", "migrations": "unknown"}
    return {"database": "ok", "migrations": f"{len(missing)} not applied" if missing else "ok"}


def _broker() -> str:
    try:
        with redis.Redis.from_url(settings.DOUGONG.redis_url, socket_connect_timeout=1, socket_timeout=1) as client:
            client.ping()
    except (redis.RedisError, OSError) as error:
        logger.warning("readyz_broker", error=str(error))
        return "unreachable"
    return "ok"
