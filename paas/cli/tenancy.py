"""The API as the commands use it, the part about what a team is and gets: title, credentials for registries, a
cordon, protection.
"""

from __future__ import annotations

from paas.cli.calls import Body, Calls
from paas.cli.http import path


class Tenancy(Calls):
    """Each method raises CliError where the API refuses."""

    def pull_secrets(self, team: str) -> list[Body]:
        """A team's credentials for registries: [{"registry", "username", "version", "in_force", "age_seconds"}]."""
        return list(self.http.pages(path("teams", team, "pull-secrets")))

    def set_pull_secret(self, team: str, registry: str, order: Body) -> Body:
        """{"username", "password"}."""
        return self._object("PUT", path("teams", team, "pull-secrets", registry), order)

    def revoke_pull_secret(self, team: str, registry: str, confirm: str, reason: str) -> Body:
        """Forget it."""
        at = path("teams", team, "pull-secrets", registry)
        return self._object("DELETE", at, params={"confirm": confirm, "reason": reason})

    def cordon_team(self, team: str, order: Body) -> Body:
        """{"cordoned", "reason"}: the team."""
        return self._object("PUT", path("teams", team, "cordon"), order)

    def rename_team(self, team: str, title: str) -> Body:
        """Another title: the team."""
        at = path("teams", team)
        return self._object("PATCH", at, {"title": title}, self._as_seen(at))

    def protect_team(self, team: str, order: Body) -> Body:
        """{"protected", "reason"}: the team."""
        return self._object("PUT", path("teams", team, "protection"), order)
