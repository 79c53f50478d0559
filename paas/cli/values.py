"""The API as the commands use it, the part about what an application is given: configuration and secrets."""

from __future__ import annotations

from collections.abc import Mapping

from paas.cli.calls import DRY_RUN, Body, Calls
from paas.cli.errors import MissingError
from paas.cli.http import path


class Values(Calls):
    """Layers of configuration, and secrets by version."""

    def secrets(self, environment_id: str) -> list[Body]:
        """The secrets of an environment, each by its latest version."""
        return list(self.http.pages(path("environments", environment_id, "secrets")))

    def secret(self, environment_id: str, name: str) -> tuple[Body, str]:
        """One secret with its versions, and its ETag."""
        found = self.http.send("GET", path("environments", environment_id, "secrets", name))
        return found.body, found.etag

    def put_secret(self, environment_id: str, name: str, order: Body) -> Body:
        """A new version: {"values"} or {"store", "remote"}, and "max_age_days" where it changes."""
        try:
            _, tag = self.secret(environment_id, name)
        except MissingError:
            tag = ""
        headers = {"If-Match": tag} if tag else None
        return self._object("PUT", path("environments", environment_id, "secrets", name), order, headers)

    def revoke_secret(self, environment_id: str, name: str, order: Mapping[str, str], tag: str) -> Body:
        """{"version", "release", "force", "reason"}; {"versions", "used", "release", "notes"} of what was done."""
        at = path("environments", environment_id, "secrets", name)
        return self._object("DELETE", at, headers={"If-Match": tag}, params=order)

    def try_revoke_secret(self, environment_id: str, name: str, order: Mapping[str, str]) -> Body:
        """What `revoke_secret` would do: see `changes`."""
        at = path("environments", environment_id, "secrets", name)
        return self._object("DELETE", at, params={**order, **DRY_RUN})

    def config(self, layer: Mapping[str, str]) -> tuple[Body, str]:
        """A layer of configuration, {"scope", "of"}, with its ETag."""
        found = self.http.send("GET", path("config"), params=layer)
        return found.body, found.etag

    def change_config(self, layer: Mapping[str, str], order: Body, tag: str = "") -> Body:
        """{"values", "declarations", "reason", "release", "dryRun"}: what is named is changed, null takes it away."""
        headers = {"If-Match": tag} if tag else None
        answer = self.http.send("PATCH", path("config"), params=layer, body=order, headers=headers)
        return dict(answer.body)

    def config_history(self, layer: Mapping[str, str]) -> list[Body]:
        """Its changes, newest first; with "key" only those of one."""
        return list(self.http.pages(path("config", "history"), layer))

    def effective_config(self, environment_id: str) -> list[Body]:
        """What the layers of an environment come to on each cluster."""
        return list(self.http.pages(path("environments", environment_id, "config")))

    def compare_config(self, environment_id: str, other_id: str) -> Body:
        """The values of two environments beside each other."""
        at = path("environments", environment_id, "config", "compare")
        return dict(self.http.send("GET", at, params={"with": other_id}).body)

    def config_proposals(self, query: Mapping[str, str]) -> list[Body]:
        """Changes that wait for a second person: "state", "scope", "of" as in `query`."""
        return list(self.http.pages(path("config", "proposals"), query))

    def decide_proposal(self, proposal_id: str, decision: str, reason: str) -> Body:
        """ "accept" or "refuse" it."""
        return self._object("POST", path("config", "proposals", proposal_id, decision), {"reason": reason})
