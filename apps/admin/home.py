"""The home page of a developer: what their teams run, one line each."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from apps.admin.fragments import home_context
from apps.selectors import projects_of
from paas.core.filters import filters_of
from paas.core.site import HomeSection, register_home_section


def context(request: HttpRequest) -> dict[str, Any] | None:
    """None for a person without any project: the page has its own word for them."""
    found = home_context(request.user)
    if not found["rows"] and not projects_of(request.user).exists():
        return None
    filters = filters_of(request.user, "applications_application")
    return {**found, "filters": [{"name": each.name, "href": each.href} for each in filters]}


register_home_section(HomeSection("applications", 10, "applications/home.html", context))
