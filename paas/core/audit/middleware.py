"""Keeps the request within reach of `record`, and writes what `permissions.require` refused while it was answered.

Refusals are written after the answer: the transaction of what was refused is gone by then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from paas.core import audit
from paas.core.audit.circumstances import under_way
from paas.core.permissions import Denied, denials

Handler = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class AuditMiddleware:
    """Keeps the request within reach, and writes what was refused while it was answered."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """One request, in either world."""
        under_way.set(request)
        refused: list[Denied] = []
        denials.set(refused)
        answer = self.get_response(request)
        if isinstance(answer, HttpResponseBase):
            _write(request, refused)
            return answer
        return self._later(request, answer, refused)

    async def _later(
        self, request: HttpRequest, answer: Awaitable[HttpResponseBase], refused: list[Denied]
    ) -> HttpResponseBase:
        response = await answer
        if refused:
            await sync_to_async(_write)(request, refused)
        return response


def _write(request: HttpRequest, refused: list[Denied]) -> None:
    for each in refused:
        audit.record_refusal(each, asked=f"{request.method} {request.path}")
