"""Server-sent events beside JSON: what clients of a stream accept, how its refusals are written, and how the OpenAPI
file shows a list that can be watched.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.serializers import Serializer


class EventStreamRenderer(BaseRenderer):
    """Lets `Accept: text/event-stream` in. The stream writes itself; only a refusal comes here, and it is JSON."""

    media_type = "text/event-stream"
    format = "events"
    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """A problem, as JSON."""
        found: bytes = JSONRenderer().render(data)
        return found


STREAMS = [JSONRenderer, EventStreamRenderer]

_ROW = '{"id":"7b1c2a52-9d0e-4c3b-8a4f-1f0f5f6f7a80","etag":"\\"%d\\"","object":{"name":"%s"}}'
WATCHED = OpenApiExample(
    "watched",
    "retry: 2000\n\n"
    f'event: state\ndata: {{"results":[{_ROW % (3, "hello")}],"more":false}}\n\n'
    ": unchanged\n\n"
    f"event: changed\ndata: {_ROW % (4, 'hello')}\n\n"
    'event: removed\ndata: {"id":"7b1c2a52-9d0e-4c3b-8a4f-1f0f5f6f7a80"}\n\n',
    summary="With ?watch=true&fields=name",
    response_only=True,
    media_type="text/event-stream",
)


def watched(form: type[Serializer[Any]]) -> dict[Any, Any]:
    """The answers of a list that can be watched, for `extend_schema`."""
    return {(200, "application/json"): form(many=True), (200, "text/event-stream"): OpenApiTypes.STR}
