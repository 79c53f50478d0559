"""What the operations of the OpenAPI file have in common: problem+json for refusals, sparse fields for reads, and what
is said of deprecated ones.

Named in the settings of drf-spectacular.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from paas.core.api import ResourceViewSet
from paas.core.deprecation import deprecation_of

FIELDS = OpenApiParameter(
    "fields",
    str,
    description="Only these properties of each object, with commas between; then no other is there, required or not.",
)

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "A refusal (RFC 9457). `code` is stable and made for machines.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "instance": {"type": "string"},
        "rule": {"type": "string", "description": "What holds here, in general words."},
        "remedy": {"type": "string", "description": "What can be done next."},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "code": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}

REFUSED = {
    "type": "urn:dougong:problem:host_taken",
    "title": "Conflict",
    "status": 409,
    "detail": "hello.example/ on cluster 'east' belongs to another environment.",
    "code": "host_taken",
    "instance": "/api/v1/projects/demo/applications/hello/",
    "remedy": "Choose another host or path.",
    "request_id": "7b1c2a52-9d0e-4c3b-8a4f-1f0f5f6f7a80",
}


class Schema(AutoSchema):
    """Lists and details take `fields`; what is marked as deprecated says so."""

    def get_override_parameters(self) -> list[Any]:
        found = list(super().get_override_parameters())
        sparse = isinstance(self.view, ResourceViewSet) and self.view.action in ("list", "retrieve")
        return [*found, FIELDS] if sparse else found

    def is_deprecated(self) -> bool:
        return deprecation_of(self.view, self.method) is not None


def add_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Give every operation the default response Problem."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    media = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {"refused": {"value": REFUSED}}}
    content = {"application/problem+json": media}
    for operations in result.get("paths", {}).values():
        for operation in operations.values():
            if isinstance(operation, dict) and "responses" in operation:
                operation["responses"].setdefault("default", {"description": "Refused.", "content": content})
    return result
