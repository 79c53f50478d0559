"""Every refusal and error as RFC 9457 problem+json, with one machine code. The API's exception handler.

Body: `{"type", "title", "status", "detail", "instance", "code", "rule", "remedy", "request_id"}` and whatever a refusal
carries as details; what is wrong with the fields of a form comes as `errors: [{"path", "code", "message"}]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError, connections
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from paas.core.deprecation import headers_of_refusal
from paas.core.errors import Forbidden, Invalid, NotFound, Refusal, Unavailable

logger = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_SECONDS = "5"

CODES: dict[type[exceptions.APIException], str] = {
    exceptions.ParseError: "body_unreadable",
    exceptions.NotAuthenticated: "not_authenticated",
    exceptions.AuthenticationFailed: "authentication_failed",
    exceptions.PermissionDenied: "permission_denied",
    exceptions.NotFound: "not_found",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.UnsupportedMediaType: "media_type_unsupported",
    exceptions.Throttled: "too_many_requests",
}


def problem(refusal: Refusal, *, status: int | None = None, instance: str = "") -> dict[str, Any]:
    """The body for a refusal."""
    number = int(status or refusal.status)
    body: dict[str, Any] = {
        "type": f"urn:dougong:problem:{refusal.code}",
        "title": HTTPStatus(number).phrase,
        "status": number,
        "detail": refusal.message,
        "code": refusal.code,
        "instance": instance,
        "rule": refusal.rule,
        "remedy": refusal.remedy,
        "request_id": str(structlog.contextvars.get_contextvars().get("request_id", "")),
    }
    return {**refusal.details, **{key: value for key, value in body.items() if value != ""}}


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler; None lets an unforeseen error become a 500 (see `server_error`)."""
    refusal, status, headers = _as_refusal(error)
    if refusal is None:
        return None
    for connection in connections.all(initialized_only=True):
        if connection.settings_dict["ATOMIC_REQUESTS"] and connection.in_atomic_block:
            connection.set_rollback(True)
    headers |= headers_of_refusal(context.get("view"), context["request"])
    body = problem(refusal, status=status, instance=context["request"].path)
    return Response(body, status=status, headers=headers, content_type=CONTENT_TYPE)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The answer to an address under /api/ that leads nowhere."""
    return plain(request, NotFound("not_found", "There is nothing at this address."))


def server_error(request: HttpRequest) -> HttpResponse:
    """The answer to an error nobody foresaw, under /api/."""
    refusal = Refusal(
        "internal_error",
        "Something went wrong on our side.",
        remedy="Try again; if it stays, tell an operator the request id.",
    )
    return plain(request, refusal, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def plain(request: HttpRequest, refusal: Refusal, status: int | None = None) -> HttpResponse:
    """The same answer where DRF has no part."""
    body = problem(refusal, status=status, instance=request.path)
    return JsonResponse(body, status=body["status"], content_type=CONTENT_TYPE)


def _as_refusal(error: Exception) -> tuple[Refusal | None, int, dict[str, str]]:
    """What was raised as a refusal, its status and headers."""
    if isinstance(error, (OperationalError, InterfaceError)):
        error = _database_unavailable(error)
    if isinstance(error, Refusal):
        return error, int(error.status), {"Retry-After": RETRY_SECONDS} if isinstance(error, Unavailable) else {}
    if isinstance(error, Http404):
        return NotFound("not_found", "There is no such object, or you may not view it."), HTTPStatus.NOT_FOUND, {}
    if isinstance(error, PermissionDenied):
        return Forbidden("permission_denied", str(error) or "You may not do this."), HTTPStatus.FORBIDDEN, {}
    if isinstance(error, exceptions.ValidationError):
        errors = list(_field_errors(error.detail))
        message = "; ".join(
            f"{entry['path']}: {entry['message']}" if entry["path"] else entry["message"] for entry in errors
        )
        return Invalid("invalid", message, details={"errors": errors}), HTTPStatus.BAD_REQUEST, {}
    if isinstance(error, exceptions.APIException):
        code = next((code for kind, code in CODES.items() if isinstance(error, kind)), "refused")
        return Refusal(code, str(error.detail)), error.status_code, _headers(error)
    return None, HTTPStatus.INTERNAL_SERVER_ERROR, {}


def _database_unavailable(error: Exception) -> Unavailable:
    """PostgreSQL restarts, has no room or kept us waiting too long: nothing was written."""
    logger.error("database_unavailable", error=str(error))
    return Unavailable(
        "database_unavailable", "The platform's database does not answer.", remedy="Repeat the request in a moment."
    )


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(challenge)
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return headers


def _field_errors(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested lists and dicts as a flat list."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            yield from _field_errors(value, ".".join(part for part in (path, name) if part))
    elif isinstance(detail, (list, tuple)):
        for index, value in enumerate(detail):
            nested = isinstance(value, (Mapping, list, tuple))
            yield from _field_errors(value, f"{path}[{index}]" if nested else path)
    else:
        yield {"path": path, "code": str(getattr(detail, "code", "invalid")), "message": str(detail)}
