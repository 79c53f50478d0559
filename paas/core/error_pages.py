"""What the console answers where it has no page to show: what happened, what to do next, and the id of the request.

Called by `paas.urls` and by Django's guard of forms. None of it asks the database, which may be what is ill.
"""

from __future__ import annotations

import copy
from http import HTTPStatus

import structlog
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from paas.core.site import console


def not_found(request: HttpRequest) -> HttpResponse:
    """An address that leads nowhere, or to what the person may not view: the two look alike."""
    return _page(
        request,
        HTTPStatus.NOT_FOUND,
        _("There is nothing here"),
        _("Nothing has this address any more, or you may not view it."),
        _("Look for it by its name, from the home page. If somebody sent you the address, ask them who lets you in."),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What the person may see that there is, but not do."""
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        _("You may not do this"),
        str(exception) or _("Your roles do not let you do this."),
        _("The tab “Who may…” of an application, or dougong explain permission, tells who can give you the role."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was not made for this session; `reason` is Django's, for those who develop."""
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        _("The form was not taken"),
        _("Its page was opened before you signed in last, or it came from another site. Nothing was changed."),
        _("Open the page anew and send the form again. If it stays so, allow this site to set cookies."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """What nobody foresaw."""
    return _page(
        request,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _("Something went wrong on our side"),
        _("The page could not be made. It has been logged."),
        _("Try again in a moment. If it stays so, tell an operator the id of the request."),
    )


def _page(request: HttpRequest, status: HTTPStatus, title: str, what: str, following: str) -> HttpResponse:
    """In the frame of the pages before one is signed in, as for nobody: who it is stands in the database."""
    nobody = copy.copy(request)
    nobody.user = AnonymousUser()
    context = {
        **console.each_context(nobody),
        "title": title,
        "what": what,
        "following": following,
        "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
    }
    answer = HttpResponse(render_to_string("console/error.html", context), status=status)
    answer["Cache-Control"] = "no-store"
    return answer
