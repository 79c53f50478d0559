"""The API as the commands use it, the part about people: who has which role, why one may, who approves."""

from __future__ import annotations

from collections.abc import Mapping

from paas.cli.calls import Body, Calls
from paas.cli.http import path


class People(Calls):
    """Members of teams and projects, roles for a time, second persons, freezes."""

    def members(self, team: str) -> list[Body]:
        """[{"username", "role"}], owners first."""
        return list(self.http.pages(path("teams", team, "members")))

    def set_member(self, team: str, username: str, role: str) -> list[Body]:
        """Give a person a role; all members then."""
        at = path("teams", team, "members", username)
        return list(self.http.send("PUT", at, body={"role": role}, headers=self._as_seen(path("teams", team))).body)

    def remove_member(self, team: str, username: str) -> None:
        """Take a person's role away."""
        at = path("teams", team, "members", username)
        self.http.send("DELETE", at, headers=self._as_seen(path("teams", team)))

    def explain_permission(self, person: str, action: str, thing: str) -> Body:
        """{"allowed", "ways", "reason", "roles", "grantors", "token"}: see `explained`."""
        asked = {"person": person, "action": action, "object": thing}
        return self._object("GET", path("permissions", "explanation"), params=asked)

    def platform_members(self) -> list[Body]:
        """[{"username", "role"}], operators first."""
        return list(self.http.pages(path("platform", "members")))

    def set_platform_role(self, username: str, role: str, *, held: bool) -> list[Body]:
        """Give a role of the platform or take it; all who have one then."""
        return list(self.http.send("PUT" if held else "DELETE", path("platform", "members", role, username)).body)

    def project_members(self, project: str) -> list[Body]:
        """[{"username", "role"}] of the project alone, owners first."""
        return list(self.http.pages(path("projects", project, "members")))

    def set_project_member(self, project: str, username: str, role: str) -> list[Body]:
        """Give a person a role; all members then."""
        tag = self._as_seen(path("projects", project))
        return list(
            self.http.send("PUT", path("projects", project, "members", username), body={"role": role}, headers=tag).body
        )

    def remove_project_member(self, project: str, username: str) -> None:
        """Take a person's role away."""
        at = path("projects", project, "members", username)
        self.http.send("DELETE", at, headers=self._as_seen(path("projects", project)))

    def protect(self, environment_id: str, order: Body) -> Body:
        """{"protected", "reason"}."""
        return self._object("PUT", path("environments", environment_id, "protection"), order)

    def approvals(self, query: Mapping[str, str]) -> list[Body]:
        """Releases that wait for a second person, or waited: "state", "application", "project" as in `query`."""
        return list(self.http.pages(path("approvals"), query))

    def decide_release(self, proposal_id: str, decision: str, order: Body) -> Body:
        """ "approve" or "decline" it with {"reason", "override_freeze"}: the release that was made, or the proposal."""
        return self._object("POST", path("approvals", proposal_id, decision), order)

    def taken_roles(self, team: str) -> list[Body]:
        """Roles that operators took on a team for a time, the latest first."""
        return list(self.http.pages(path("teams", team, "break-glass")))

    def take_role(self, team: str, order: Body) -> Body:
        """{"role", "minutes", "reason"}."""
        return self._object("POST", path("teams", team, "break-glass"), order)

    def end_taken_role(self, team: str, taken_id: str) -> None:
        """Before its time."""
        self.http.send("DELETE", path("teams", team, "break-glass", taken_id))

    def freezes(self, query: Mapping[str, str]) -> list[Body]:
        """Times in which nothing new is released: "team", "over" as in `query`."""
        return list(self.http.pages(path("freezes"), query))

    def declare_freeze(self, freeze: Body) -> Body:
        """{"team", "environments", "starts", "ends", "time_zone", "reason"}."""
        return self._object("POST", path("freezes"), freeze)

    def end_freeze(self, freeze_id: str, reason: str) -> Body:
        """Before its time."""
        return self._object("POST", path("freezes", freeze_id, "end"), {"reason": reason})
