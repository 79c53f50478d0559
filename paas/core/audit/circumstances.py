"""From where and how signed in: what the audit trail tells of a request beside the change itself.

`middleware` puts the request where `record` finds it.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from django.contrib.auth import BACKEND_SESSION_KEY
from django.http import HttpRequest

under_way: ContextVar[HttpRequest | None] = ContextVar("request_under_way", default=None)


@dataclass(frozen=True)
class Circumstances:
    """Texts, empty where there is no request: the platform's own doing, or a command."""

    address: str = ""
    how: str = ""


def present() -> Circumstances:
    """Those of the request under way."""
    request = under_way.get()
    if request is None:
        return Circumstances()
    return Circumstances(address=str(request.META.get("REMOTE_ADDR", ""))[:45], how=_how(request))


def _how(request: HttpRequest) -> str:
    """`token dgt_1a2b3c4d`, `session ModelBackend`, or nothing while nobody is signed in."""
    token = getattr(request, "auth", None)
    if token is not None:
        return f"token {getattr(token, 'token_key', '')}"[:100]
    backend = str(request.session.get(BACKEND_SESSION_KEY, "")) if hasattr(request, "session") else ""
    return f"session {backend.rpartition('.')[2]}"[:100] if backend else ""
