"""Examples of the main requests, shown in the OpenAPI file. A test sends each. Those of all others, and of the answers,
are kept as they were once given: `answers`.
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


def request(value: Any, name: str = "request") -> OpenApiExample:
    """What can be sent."""
    return OpenApiExample(name, value=value, request_only=True)


DEPLOY = [request({"appFile": APP_FILE, "reason": "two replicas"}, "an app file")]
ROLLBACK = [request({"environment": "production", "release": "3", "reason": "the new one is slow"})]
PROJECT = [request({"team": "crew", "name": "shop", "title": "The shop"})]
SECRET = [request({"values": {"DATABASE_URL": "postgresql://…"}, "max_age_days": 90})]
ENVIRONMENT = [request({"project": "demo", "application": "hello", "name": "staging"})]
RETIRE = [request({"confirm": "hello", "reason": "its successor has taken over"})]
RENDER = [request({"appFile": APP_FILE, "environment": "production", "cluster": "east"})]
