"""All addresses: health, API, console. Collects the API routes of every room."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from apps.api import urls as applications
from clusters.api import urls as clusters
from paas.core import error_pages, health, problems
from paas.core.audit.api import urls as audit
from paas.core.metrics import metrics
from paas.core.site import console
from paas.identity import sign_in_pages, sso_pages
from paas.identity.api import urls as identity

ROOMS = (audit, identity, clusters, applications)

router = SimpleRouter()
for room in ROOMS:
    room.register(router)

urlpatterns = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path(
        "api/v1/",
        include(
            [*audit.urlpatterns, *identity.urlpatterns, *clusters.urlpatterns, *applications.urlpatterns, *router.urls]
        ),
    ),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    # Before the console, whose own page for signing in lets nobody in.
    path("console/", include([*sign_in_pages.urlpatterns, *sso_pages.urlpatterns])),
    path("console/", console.urls),
    path("", RedirectView.as_view(pattern_name="admin:index"), name="root"),
]


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A problem under /api/, a page elsewhere."""
    if request.path.startswith("/api/"):
        return problems.not_found(request, exception)
    return error_pages.not_found(request)


def handler500(request: HttpRequest) -> HttpResponse:
    """A problem under /api/, a page elsewhere."""
    if request.path.startswith("/api/"):
        return problems.server_error(request)
    return error_pages.server_error(request)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A page: what is under /api/ answers for itself."""
    return error_pages.forbidden(request, exception)


# allauth asks for it by this name.
handler429 = sign_in_pages.too_many
