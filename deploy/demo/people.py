"""Who is there at the beginning of a demo: `python -m deploy.demo.people LOGINS.json`, with the settings around it.

An administrator, a team `demo` with an owner and a viewer, and the project that the sample application lives in: made
by the services, so every rule and the audit trail hold. What is there already is left as it is.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paas.identity.models import Team, User

ADMIN, OWNER, VIEWER = "admin", "ada", "victor"
TEAM = PROJECT = "demo"


def main(logins: dict[str, str]) -> None:
    """Make whatever is missing. `logins`: name → password of all three."""
    from apps.models import Project
    from apps.services import create_project
    from paas.identity import services

    admin = services.bootstrap_admin(username=ADMIN, password=logins[ADMIN])
    team = _team(admin)
    owner = _member(team, OWNER, "owner", logins[OWNER], admin)
    _member(team, VIEWER, "viewer", logins[VIEWER], admin)
    if not Project.objects.filter(name=PROJECT).exists():
        create_project(team=team, name=PROJECT, title="Demo", actor=owner)


def _team(admin: "User") -> "Team":
    from paas.identity.models import Team
    from paas.identity.services import create_team

    return Team.objects.filter(name=TEAM).first() or create_team(name=TEAM, title="Demo", actor=admin)


def _member(team: "Team", name: str, role: str, password: str, admin: "User") -> "User":
    from paas.identity import services
    from paas.identity.models import User

    user = User.objects.filter(username=name).first()
    if user is None:
        user = services.create_user(username=name, password=password, actor=admin)
    services.add_member(team=team, user=user, role=role, actor=admin)
    return user


if __name__ == "__main__":
    import django

    django.setup()
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
