"""The first steps on a platform that is still empty, over the rest of the home page; gone once all are done.

Each person sees the steps that are theirs, and of a step that is another's, whom to ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.models import Application, Project
from clusters.models import Cluster
from paas.core.permissions import Actor, allowed, is_operator, visible
from paas.core.site import HomeSection, register_home_section
from paas.identity.models import OPERATORS, Team, User

MOST_NAMES = 5


@dataclass(frozen=True)
class Step:
    """Something to do once. `ask` says who can, where the person cannot."""

    title: str
    what: str
    done: bool
    href: str = ""
    twin: str = ""
    ask: str = ""


def context(request: HttpRequest) -> dict[str, Any] | None:
    """{"steps", "next"}; None once the person sees an application: whatever it takes is there then."""
    if visible(request.user, Application.objects.filter(retired_at=None)).exists():
        return None
    steps = _steps(request)
    return {"steps": steps, "next": next(each for each in steps if not each.done)}


def _steps(request: HttpRequest) -> list[Step]:
    person = request.user
    operates = is_operator(person)
    owned = [each for each in visible(person, Team.objects.all())[:50] if allowed(person, "own", each)]
    teams = visible(person, Team.objects.all()).exists()
    projects = visible(person, Project.objects.all()).first()
    operators = _("Ask an operator of the platform: %(names)s.") % {"names": _operators()}
    # Who makes a team is its first owner.
    owners = _("Make a team first.") if operates else _("Ask an owner of your team.") if teams else operators
    return [
        Step(
            _("A cluster"),
            _("Join the first Kubernetes cluster: applications run there."),
            Cluster.objects.exists(),
            reverse("admin:clusters_cluster_add") if operates else "",
            "dougong cluster join NAME --kubeconfig admin.yaml · POST /api/v1/clusters/",
            "" if operates else operators,
        ),
        Step(
            _("A team"),
            _("Whoever is a member of a team sees what it runs; its owners deploy."),
            teams,
            reverse("admin:identity_team_add") if operates else "",
            "dougong team create NAME · POST /api/v1/teams/",
            "" if operates else operators,
        ),
        Step(
            _("A project"),
            _("A room for applications that belong together."),
            projects is not None,
            reverse("admin:applications_project_add") if owned else "",
            "dougong project create NAME --team TEAM · POST /api/v1/projects/",
            "" if owned else owners,
        ),
        Step(
            _("An application"),
            _("Declared by a file of ten lines, typed in here or written by the command."),
            False,
            _deploying(person, projects),
            f"dougong init && dougong deploy -f app.yaml --watch · "
            f"PUT /api/v1/projects/{projects.name if projects else 'PROJECT'}/applications/NAME/",
            "" if owned else owners,
        ),
    ]


def _deploying(person: Actor, project: Project | None) -> str:
    """The form of an app file, for who may deploy in the project."""
    if project is None or not allowed(person, "deploy", project):
        return ""
    return reverse("admin:applications_project_deploy", args=[project.pk])


def _operators() -> str:
    """The first few who may let a person in, by name."""
    active = User.objects.filter(is_active=True)
    found = active.filter(groups__name=OPERATORS) | active.filter(is_superuser=True)
    return ", ".join(found.distinct().order_by("username").values_list("username", flat=True)[:MOST_NAMES])


register_home_section(HomeSection("first-run", 0, "applications/first_run.html", context))
