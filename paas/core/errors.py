"""Refusals: every "no" the product says, each with one machine code, a rule and a remedy.

Raised by services and pure modules alike, shown by the API (problem+json), the console (a message) and the CLI. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """A request that was understood and refused.

    Args:
        code: snake_case, stable, for machines: one per kind of refusal.
        message: one sentence for a person: what was refused.
        rule: what holds here, in general words.
        remedy: what the person can do next.
        details: JSON-safe facts, such as `{"errors": [{"path": "spec.image", "expected": "...", "got": "..."}]}`.
        params: what varies in message, rule and remedy, which then are templates with `%(name)s`. Where they are marked
            with gettext_noop as well, the console says them in the reader's language.
    """

    status: ClassVar[int] = HTTPStatus.BAD_REQUEST

    def __init__(
        self,
        code: str,
        message: str,
        *,
        rule: str = "",
        remedy: str = "",
        details: dict[str, Any] | None = None,
        params: Mapping[str, object] | None = None,
    ) -> None:
        self.templates = (message, rule, remedy)
        self.params = params or {}
        self.message, self.rule, self.remedy = (text % params if params else text for text in self.templates)
        super().__init__(self.message)
        self.code = code
        self.details = details or {}

    def __str__(self) -> str:
        return " ".join(part for part in (self.message, self.rule, self.remedy) if part)


class Invalid(Refusal):
    """400: what was sent can never be accepted as it is."""

    status = HTTPStatus.BAD_REQUEST


class Unauthenticated(Refusal):
    """401: nobody known asks."""

    status = HTTPStatus.UNAUTHORIZED


class Forbidden(Refusal):
    """403: may be seen, may not be done."""

    status = HTTPStatus.FORBIDDEN


class NotFound(Refusal):
    """404: is not there, or may not be seen."""

    status = HTTPStatus.NOT_FOUND


class Conflict(Refusal):
    """409: at odds with the present state."""

    status = HTTPStatus.CONFLICT


class PreconditionFailed(Refusal):
    """412: the object has changed since it was read."""

    status = HTTPStatus.PRECONDITION_FAILED


class TooLarge(Refusal):
    """413: more than is read at all."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class PreconditionRequired(Refusal):
    """428: the request must say which state it was made for."""

    status = HTTPStatus.PRECONDITION_REQUIRED


class Unavailable(Refusal):
    """503: cannot be answered now; the same request may succeed later."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
