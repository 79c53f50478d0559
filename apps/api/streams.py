"""Server-sent events beside JSON: what clients of a stream accept, and how its refusals are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer, JSONRenderer


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
