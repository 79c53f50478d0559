"""What pages of the console share: their frame, forms that tell how it went, and streams that say why there is none.

Whatever is asked of a page is answered in words. What is gone, or not to be seen, is 404: `get_object_or_404`, `found`.
What may be seen but not done leads back with the refusal: `denied`. A form tells what came of it: `acted`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.db.models import Model
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from paas.core.errors import Refusal
from paas.core.permissions import require
from paas.core.problems import CONTENT_TYPE, problem
from paas.core.site import console, refuse, refused

Found = TypeVar("Found")


def page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A page in the frame of the console; `context` has "title", and "opts" where its header names a model."""
    return TemplateResponse(request, template, {**console.each_context(request), **context}, status=status)


def acted(request: HttpRequest, form: Form, act: Callable[[dict[str, Any]], str], *, done: str) -> HttpResponse | None:
    """Act on a form that was sent and is valid, tell how it went, and go to `done`. None where the form is to be shown:
    a refusal is told in it, and it keeps what was typed.
    """
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        messages.success(request, act(form.cleaned_data))
    except Refusal as refusal:
        refuse(form, refusal)
        return None
    return HttpResponseRedirect(done)


def found(read: Callable[[], Found]) -> Found:
    """What `read` finds; 404 where it refuses to: nothing has that name, or the person may not view it."""
    try:
        return read()
    except Refusal as refusal:
        raise Http404 from refusal


def denied(request: HttpRequest, permission: str, obj: Model | None, *, back: str) -> HttpResponse | None:
    """Where the person may not do it: back, told by which rule and who can grant it. None where they may."""
    try:
        require(request.user, permission, obj)
    except Refusal as refusal:
        messages.error(request, refused(refusal))
        return HttpResponseRedirect(back)
    return None


def streamed(view: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """A stream, or as a problem why there is none."""
    try:
        return view()
    except Refusal as refusal:
        return JsonResponse(problem(refusal), status=int(refusal.status), content_type=CONTENT_TYPE)
