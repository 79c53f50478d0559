"""Creating projects."""

from __future__ import annotations

from django.db import transaction

from apps.models import Project
from apps.services.rows import insert
from paas.core import audit
from paas.core.errors import Conflict
from paas.core.permissions import Actor, require
from paas.identity.holds import refuse_cordoned
from paas.identity.models import Team


def create_project(*, team: Team, name: str, title: str = "", actor: Actor) -> Project:
    """A new room for applications of the team; its owners may.

    Raises:
        Invalid: `project_invalid`.
        Conflict: `project_name_taken`, whoever has it; `team_cordoned`.
    """
    require(actor, "own", team)
    with transaction.atomic():
        refuse_cordoned(team)
        taken = Conflict("project_name_taken", f"There is a project '{name}' already.", remedy="Choose another name.")
        project = insert(Project(team=team, name=name, title=title or name), taken=taken)
        after = {"name": name, "title": project.title, "team": team.name}
        audit.record(actor=actor, action="project.created", target=project, after=after)
    return project
