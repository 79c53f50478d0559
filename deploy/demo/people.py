"""Who is there at the beginning of a demo: `python -m deploy.demo.people LOGINS.json [PART…]`, in its settings.

An administrator, and two teams with a project each, made by the services, so every rule and the audit trail hold. The
three people of the teams come from the directory and the provider of the lab, and with them their roles; whose PART is
not named has an account and a role here. What is there already is left as it is.
"""

import json
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paas.identity.models import Team, User

ADMIN, OWNER, VIEWER, DEVELOPER = "admin", "ada", "victor", "mei"
TEAM = PROJECT = "demo"
OTHER_TEAM = OTHER_PROJECT = "market"
TEAMS = {TEAM: "Demo", OTHER_TEAM: "Market"}
DIRECTORY, PROVIDER = "slapd", "keycloak"


@dataclass(frozen=True)
class Person:
    """Somebody of a team. `part`: of the lab, from which they come where it runs."""

    name: str
    team: str
    role: str
    part: str

    @property
    def group(self) -> str:
        """The group there that has the role here."""
        return f"{self.team}-{self.role}s"

    @property
    def word(self) -> str:
        """The role as a map of groups has it."""
        return f"{self.team}:{self.role}"


EVERYBODY = (
    Person(OWNER, TEAM, "owner", DIRECTORY),
    Person(VIEWER, TEAM, "viewer", DIRECTORY),
    Person(DEVELOPER, OTHER_TEAM, "developer", PROVIDER),
)
NAMES = (ADMIN, *(each.name for each in EVERYBODY))


def of_part(part: str) -> tuple[Person, ...]:
    """Those who come from a part of the lab."""
    return tuple(each for each in EVERYBODY if each.part == part)


def main(logins: dict[str, str], parts: Collection[str]) -> None:
    """Make whatever is missing.

    Args:
        logins: name → password of the administrator and of everybody who has an account here.
        parts: those of the lab that bring people.
    """
    from apps.models import Project
    from apps.services import create_project
    from paas.identity import services

    admin = services.bootstrap_admin(username=ADMIN, password=logins[ADMIN])
    for name, title in TEAMS.items():
        team = _team(name, title, admin)
        _members(team, (each for each in EVERYBODY if each.team == name and each.part not in parts), logins, admin)
        if not Project.objects.filter(name=name).exists():
            create_project(team=team, name=name, title=title, actor=admin)


def _team(name: str, title: str, admin: "User") -> "Team":
    from paas.identity.models import Team
    from paas.identity.services import create_team

    return Team.objects.filter(name=name).first() or create_team(name=name, title=title, actor=admin)


def _members(team: "Team", people: Iterable[Person], logins: dict[str, str], admin: "User") -> None:
    from paas.identity import services
    from paas.identity.models import User

    for person in people:
        user = User.objects.filter(username=person.name).first()
        if user is None:
            user = services.create_user(username=person.name, password=logins[person.name], actor=admin)
        services.add_member(team=team, user=user, role=person.role, actor=admin)


if __name__ == "__main__":
    import django

    django.setup()
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), sys.argv[2:])
