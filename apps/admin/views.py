"""What every page of applications shares: refusals told as messages, and the frame of a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse

from paas.core.errors import Refusal
from paas.core.problems import CONTENT_TYPE, problem
from paas.core.site import console


def page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A page in the frame of the console; `context` has "title" and "opts"."""
    return TemplateResponse(request, template, {**console.each_context(request), **context})


def told(request: HttpRequest, act: Callable[[], str], *, done: str, refused: str | None = None) -> HttpResponse:
    """Act, tell how it went, and go to `done`, or to `refused` where it was refused."""
    try:
        messages.success(request, act())
    except Refusal as refusal:
        messages.error(request, f"{refusal} ({refusal.code})")
        return HttpResponseRedirect(refused or done)
    return HttpResponseRedirect(done)


def streamed(view: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """A stream, or as a problem why there is none."""
    try:
        return view()
    except Refusal as refusal:
        return JsonResponse(problem(refusal), status=int(refusal.status), content_type=CONTENT_TYPE)


def application_page(application_id: Any) -> str:
    """The address of an application's page."""
    return reverse("admin:applications_application_change", args=[application_id])
