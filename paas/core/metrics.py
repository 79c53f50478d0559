"""`/metrics` and what the web process counts about its own requests. Other rooms register collectors of their own."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest

REQUESTS = Counter("dougong_http_requests_total", "Requests answered.", ["method", "route", "status"])
DURATION = Histogram("dougong_http_request_duration_seconds", "Seconds until the answer began.", ["method", "route"])

Handler = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class RequestMetricsMiddleware:
    """Counts every request by its route (never by its path, which would have no end)."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.asynchronous = iscoroutinefunction(get_response)
        if self.asynchronous:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """One request, in either world."""
        began = time.perf_counter()
        answer = self.get_response(request)
        if isinstance(answer, HttpResponseBase):
            return _counted(request, answer, began)
        return self._later(request, answer, began)

    async def _later(self, request: HttpRequest, answer: Awaitable[HttpResponseBase], began: float) -> HttpResponseBase:
        return _counted(request, await answer, began)


def _counted(request: HttpRequest, response: HttpResponseBase, began: float) -> HttpResponseBase:
    route = request.resolver_match.route if request.resolver_match else "none"
    REQUESTS.labels(request.method, route, str(response.status_code)).inc()
    DURATION.labels(request.method, route).observe(time.perf_counter() - began)
    return response


def metrics(request: HttpRequest) -> HttpResponse:
    """The Prometheus text format; needs no login and tells no names of teams or people."""
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
