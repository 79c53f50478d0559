"""Examples of the main requests and answers, shown in the OpenAPI file. A test sends each request, and checks each
answer against its schema.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

IMAGE = f"registry.example/hello@sha256:{'0123456789abcdef' * 4}"
APP_FILE: dict[str, Any] = {
    "name": "hello",
    "project": "demo",
    "image": IMAGE,
    "environments": {"production": {"clusters": ["east"]}},
    "blocks": [
        {"process": {"name": "web", "replicas": 2, "cpu": "50m", "memory": "64Mi"}},
        {"port": {"process": "web", "port": 8080}},
        {"config": {"values": {"GREETING": "hello"}}},
        {"route": {"process": "web", "host": "hello.example"}},
    ],
}
_ID = "7b1c2a52-9d0e-4c3b-8a4f-1f0f5f6f7a80"
_AT = "2026-11-24T10:00:00Z"
_ENVIRONMENT = {
    "id": _ID,
    "name": "production",
    "health": "Progressing",
    "release": 4,
    "image": IMAGE,
    "released_by": "olga",
    "released_at": _AT,
    "clusters": ["east"],
}
_APPLICATION = {
    "id": _ID,
    "name": "hello",
    "project": "demo",
    "team": "crew",
    "state": "Active",
    "environments": [_ENVIRONMENT],
    "version": 5,
    "created_at": _AT,
    "updated_at": _AT,
    "retired_at": None,
}
_RELEASE = {
    "id": _ID,
    "number": 5,
    "environment": "production",
    "environment_id": _ID,
    "application": "hello",
    "project": "demo",
    "image": IMAGE,
    "secrets": {"database": 2},
    "created_by": "olga",
    "created_at": _AT,
    "reason": "the new one is slow",
    "rolled_back_to": 3,
}
_DEPLOYMENT = {**_APPLICATION, "appFile": APP_FILE, "deployed": {"production": 4}, "unchanged": [], "proposed": {},
               "notes": []}  # fmt: skip
_DRY_RUN = {
    "dryRun": True,
    "project": "demo",
    "application": "hello",
    "changed": True,
    "environments": [
        {
            "name": "production",
            "created": False,
            "release": {"before": 3, "after": 4},
            "image": {"before": IMAGE, "after": IMAGE},
            "clusters": [
                {
                    "name": "east",
                    "placed": "kept",
                    "objects": [
                        {
                            "id": "Deployment/hello-web",
                            "oid": "apps/Deployment/demo-hello-production-1a2b3c4d/hello-web",
                            "change": "changed",
                            "fields": [{"path": "spec.replicas", "before": 1, "after": 2}],
                            "object": None,
                        }
                    ],
                    "unchanged": 7,
                }
            ],
            "spread": [
                {
                    "process": "web",
                    "parts": [{"cluster": "east", "before": {"min": 1, "max": 1}, "after": {"min": 2, "max": 2}}],
                }
            ],
        }
    ],
    "secrets": [],
    "notes": [],
}
_SECRET = {
    "name": "database",
    "version": 2,
    "in_force": True,
    "keys": ["DATABASE_URL"],
    "store": None,
    "remote": {},
    "created_at": _AT,
    "created_by": "olga",
    "age_seconds": 86_400,
    "max_age_days": 90,
    "overdue": False,
    "released": 1,
    "versions": [
        {
            "version": 2,
            "keys": ["DATABASE_URL"],
            "created_at": _AT,
            "created_by": "olga",
            "max_age_days": 90,
            "revoked_at": None,
        }
    ],
}


def request(value: Any, name: str = "request") -> OpenApiExample:
    """What can be sent."""
    return OpenApiExample(name, value=value, request_only=True)


def answer(value: Any, name: str = "answer", status: int = 200) -> OpenApiExample:
    """What can come back."""
    return OpenApiExample(name, value=value, response_only=True, status_codes=[str(status)])


DEPLOY = [
    request({"appFile": APP_FILE, "reason": "two replicas"}, "an app file"),
    answer(_DEPLOYMENT, "deployed"),
    answer(_DRY_RUN, "dry run"),
]
ROLLBACK = [
    request({"environment": "production", "release": "3", "reason": "the new one is slow"}),
    answer({**_RELEASE, "notes": []}, "rolled back", 201),
    answer(_DRY_RUN, "dry run"),
]
APPLICATION = [answer({**_APPLICATION, "appFile": APP_FILE})]
PROJECT = [request({"team": "crew", "name": "shop", "title": "The shop"})]
SECRET = [
    request({"values": {"DATABASE_URL": "postgresql://…"}, "max_age_days": 90}),
    answer(_SECRET),
]
ENVIRONMENT = [request({"project": "demo", "application": "hello", "name": "staging"})]
RETIRE = [request({"confirm": "hello", "reason": "its successor has taken over"})]
RENDER = [request({"appFile": APP_FILE, "environment": "production", "cluster": "east"})]
