"""The deploy page of a project: the app file as text, what it would come to, and the act."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import yaml
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from apps import selectors, services
from apps.admin.differences import objects
from apps.admin.forms import DeployForm
from apps.admin.views import acted, application_page, denied, page
from apps.models import Application, Project
from apps.services import DryRun
from clusters.selectors import clusters_of
from paas.core.errors import Refusal
from paas.core.site import refuse


def urls(view: Callable[..., Any]) -> list[URLPattern]:
    """Below the applications; `view` is the site's wrapper."""
    return [
        path("projects/<uuid:pk>/deploy/", view(first), name="applications_project_deploy"),
        path("<uuid:pk>/deploy/", view(again), name="applications_application_deploy"),
    ]


def first(request: HttpRequest, pk: UUID) -> HttpResponse:
    """An application that the project does not have yet, or any."""
    project = get_object_or_404(selectors.projects_of(request.user), pk=pk)
    back = reverse("admin:applications_project_change", args=[project.pk])
    names = list(clusters_of(request.user).order_by("name").values_list("name", flat=True)[:1])
    return _page(request, project, _sample(project, names), back=back)


def again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """An application by its app file as it was deployed last."""
    application = get_object_or_404(selectors.applications_of(request.user), pk=pk)
    project, file = application.project, application.app_file
    text = _text(file) if file else _sample(project, [], name=application.name)
    return _page(request, project, text, back=application_page(application.pk), application=application)


def _page(
    request: HttpRequest, project: Project, text: str, *, back: str, application: Application | None = None
) -> HttpResponse:
    if refusal := denied(request, "deploy", project, back=back):
        return refusal
    form = DeployForm(request.POST if request.method == "POST" else None, initial={"file": text})
    foreseen = None
    if "preview" in request.POST:
        foreseen = _foreseen(request, form, project)
    elif form.is_valid() and (made := _made(request, form, project)) is not None:
        return made
    names = {"name": application.name if application else project.name}
    name = application.name if application else "NAME"
    context = {
        "title": (_("Deploy %(name)s") if application else _("Deploy in project %(name)s")) % names,
        "opts": Application._meta,
        "original": application or project,
        "back": back,
        "form": form,
        "foreseen": foreseen,
        "twin": f"dougong deploy -f app.yaml · PUT /api/v1/projects/{project.name}/applications/{name}/",
    }
    return page(request, "applications/deploy.html", context)


def _made(request: HttpRequest, form: DeployForm, project: Project) -> HttpResponse | None:
    """Deploy, and go to the application's page; None where it was refused."""
    done: list[Application] = []

    def act(said: dict[str, Any]) -> str:
        made = services.deploy(
            project=project,
            app_file=said["file"],
            actor=request.user,
            reason=said["reason"],
            override_freeze=said["override_freeze"],
        )
        done.append(made.application)
        labels = ", ".join(f"{each.environment.name} {each}" for each in made.releases)
        told = _("Deployed: %(releases)s.") % {"releases": labels} if labels else _("Nothing has changed.")
        if made.proposals:
            told = _("Proposed, and waiting for a second person under Approvals.")
        return " ".join([told, *made.notes])

    if acted(request, form, act, done="") is None:
        return None
    return HttpResponseRedirect(application_page(done[0].pk))


def _foreseen(request: HttpRequest, form: DeployForm, project: Project) -> dict[str, Any] | None:
    """What a dry run says; None where it is refused, which the form then tells."""
    if not form.is_valid():
        return None
    try:
        asked = form.cleaned_data["file"]
        return _shown(services.dry_run_deploy(project=project, app_file=asked, actor=request.user))
    except Refusal as refusal:
        refuse(form, refusal)
        return None


def _shown(found: DryRun) -> dict[str, Any]:
    clusters = [
        {"name": f"{each.name}, {there.name}", "rows": objects(there.objects)}
        for each in found.environments
        for there in each.clusters
    ]
    return {"clusters": clusters, "notes": found.notes, "changed": found.changed}


def _text(file: Any) -> str:
    text: str = yaml.safe_dump(file, sort_keys=False, allow_unicode=True, width=100)
    return text


def _sample(project: Project, clusters: list[str], name: str = "hello") -> str:
    """The smallest file that runs something, to be changed."""
    return _text(
        {
            "name": name,
            "project": project.name,
            "image": "registry.example/hello@sha256:…",
            "environments": {"production": {"clusters": clusters or ["CLUSTER"]}},
            "blocks": [
                {"process": {"name": "web", "replicas": 2, "cpu": "50m", "memory": "64Mi"}},
                {"port": {"process": "web", "port": 8080}},
            ],
        }
    )
