"""Operations of the API that will go: one mark, of which the OpenAPI file and the headers of every answer are made.

    @extend_schema(…)
    @deprecated(Deprecation(since=date(2027, 1, 11), instead="GET /api/v1/environments/{id}/secrets/"))
    def list(self, request): …

What is promised to those who use one is in docs/api.md.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from django.utils.http import http_date
from rest_framework.request import Request
from rest_framework.response import Response

GRACE = timedelta(days=183)
MARK = "deprecation"

Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True)
class Deprecation:
    """Since when an operation is deprecated, what takes its place, and once it is known the day on which it goes.

    ValueError where that day is nearer than the half year that is promised.
    """

    since: date
    instead: str
    sunset: date | None = None

    def __post_init__(self) -> None:
        if self.sunset is not None and self.sunset < self.since + GRACE:
            raise ValueError(f"deprecated on {self.since}, it cannot go before {self.since + GRACE}")

    @property
    def headers(self) -> dict[str, str]:
        """`Deprecation` (RFC 9745), `Sunset` (RFC 8594), and where to read more."""
        found = {"Deprecation": f"@{_seconds(self.since)}", "Link": '</api/docs/>; rel="deprecation"; type="text/html"'}
        return found if self.sunset is None else {**found, "Sunset": http_date(_seconds(self.sunset))}

    def __str__(self) -> str:
        goes = f", goes on {self.sunset}" if self.sunset else ""
        return f"Deprecated since {self.since}{goes}: use {self.instead}."


def deprecated(deprecation: Deprecation) -> Callable[[Handler], Handler]:
    """Mark the method of a view; it stands below `extend_schema` and `action`."""

    def mark(handler: Handler) -> Handler:
        @wraps(handler)
        def answer(*args: Any, **kwargs: Any) -> Response:
            response: Response = handler(*args, **kwargs)
            for name, value in deprecation.headers.items():
                response.headers[name] = value
            return response

        # What the OpenAPI file describes the operation by.
        answer.__doc__ = "\n\n".join(filter(None, (inspect.cleandoc(handler.__doc__ or ""), str(deprecation))))
        vars(answer)[MARK] = deprecation
        return cast(Handler, answer)

    return mark


def deprecation_of(view: Any, method: str) -> Deprecation | None:
    """The mark of the view's operation for an HTTP method, if it has one."""
    handler = getattr(view, getattr(view, "action", None) or method.lower(), None)
    return cast(Deprecation | None, getattr(handler, MARK, None))


def headers_of_refusal(view: Any, request: Request) -> dict[str, str]:
    """What a refused request of a deprecated operation is told besides."""
    found = deprecation_of(view, request.method or "")
    return found.headers if found else {}


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
