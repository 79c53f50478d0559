"""Keeping and forgetting filters in the console."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from paas.core.errors import Refusal
from paas.core.filters import is_list, normal, remove_filter, save_filter
from paas.core.pages import found
from paas.core.site import refused, register_view


def save_view(request: HttpRequest) -> HttpResponse:
    """Keep what is looked for, and stay there."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    said = {key: request.POST.get(key, "") for key in ("page", "name", "query")}
    try:
        made = save_filter(actor=request.user, **said)
    except Refusal as refusal:
        messages.error(request, refused(refusal))
        return HttpResponseRedirect(_back(said["page"], said["query"]))
    messages.success(request, _("The filter %(name)s is kept.") % {"name": made.name})
    return HttpResponseRedirect(made.href)


def remove_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget one, and go to the whole list."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    found(lambda: remove_filter(actor=request.user, pk=pk))
    messages.success(request, _("The filter is forgotten."))
    return HttpResponseRedirect(_back(request.POST.get("page", ""), ""))


def _back(page: str, query: str) -> str:
    if not is_list(page):
        return reverse("admin:index")
    return f"{reverse(f'admin:{page}_changelist')}{'?' if query else ''}{normal(query)}"


register_view("filters/", save_view, name="filters")
register_view("filters/<int:pk>/remove/", remove_view, name="filter_remove")
