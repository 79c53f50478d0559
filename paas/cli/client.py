"""The API as the commands use it: one method a call. What the server changes is followed here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from paas.cli.errors import MissingError, UsageError
from paas.cli.http import Http, path

Body = dict[str, Any]
DRY_RUN = {"dryRun": "true"}


class Client:
    """Each method raises CliError where the API refuses."""

    def __init__(self, http: Http) -> None:
        self.http = http

    def login(self, username: str, password: str, name: str) -> Body:
        """{"token", "expires_at"}; the token is called `name` in the list of tokens."""
        form = {"username": username, "password": password, "name": name}
        return self._object("POST", "/api/v1/login", form)

    def me(self) -> Body:
        """Oneself: {"username", "email", "operator", "teams"}."""
        return self._object("GET", "/api/v1/me")

    def end_token(self, token: str) -> None:
        """Revoke a token; the API knows it by its first characters."""
        for known in self.http.pages(path("tokens")):
            if token.startswith(str(known["id"])):
                self.http.send("DELETE", path("tokens", str(known["id"])))

    def clusters(self) -> list[Body]:
        """Every cluster."""
        return list(self.http.pages(path("clusters")))

    def cluster(self, name: str) -> Body:
        """One cluster, by name or id."""
        return self._object("GET", path("clusters", name))

    def find_cluster(self, name: str) -> Body | None:
        """One cluster, or None where there is none."""
        try:
            return self.cluster(name)
        except MissingError:
            return None

    def create_cluster(self, registration: Body) -> Body:
        """Register: {"name", "server", "ca_data", "token", "expires_at", "minter_token", "identity", "labels"}.

        Sent again with the same name and identity it renews address and credentials.
        """
        return self._object("POST", path("clusters"), registration)

    def edit_cluster(self, name: str, changes: Body | Callable[[Body], Body]) -> Body:
        """Change `cordoned`, `suspended`, `labels` or what is offered of the cluster as it is now.

        A function is given the cluster and says the changes.
        """
        seen = self.http.send("GET", path("clusters", name))
        wanted = changes(seen.body) if callable(changes) else changes
        return self._object("PATCH", path("clusters", name), wanted, {"If-Match": seen.etag} if seen.etag else None)

    def delete_cluster(self, name: str, *, remove: bool) -> None:
        """Unregister. `remove`: first remove what is ours there, else leave all running."""
        query = {"remove" if remove else "leave_running": "true"}
        self.http.send("DELETE", path("clusters", name), params=query)

    def applications(self, query: Mapping[str, str]) -> list[Body]:
        """Those that fit `query`: "project", "team", "cluster", "health"."""
        return list(self.http.pages(path("applications"), query))

    def application(self, reference: str) -> Body:
        """The application called `name` or `project/name`.

        Raises:
            MissingError: there is none.
            UsageError: there are several, in different projects.
        """
        project, _, name = reference.rpartition("/")
        query = {"name": name, **({"project": project} if project else {})}
        found = [each for each in self.http.pages(path("applications"), query) if each["name"] == name]
        if project:
            found = [each for each in found if project_name(each) == project]
        if not found:
            raise MissingError(f"There is no application {reference}.", code="application_not_found")
        if len(found) > 1:
            names = ", ".join(sorted(f"{project_name(each)}/{name}" for each in found))
            raise UsageError(f"There are several applications {name}: {names}.", remedy="Name it as PROJECT/APP.")
        return found[0]

    def deploy(self, project: str, name: str, order: Body) -> Body:
        """Declare: {"appFile", "reason"} and "environments" where only some are meant. Returns the application."""
        return self._object("PUT", path("projects", project, "applications", name), order)

    def try_deploy(self, project: str, name: str, order: Body) -> Body:
        """What `deploy` would do: see `changes`."""
        return self._object("PUT", path("projects", project, "applications", name), order, params=DRY_RUN)

    def status(self, application_id: str) -> Body:
        """{"application", "environments": [...]}: see `status`."""
        return self._object("GET", path("applications", application_id, "status"))

    def releases(self, application_id: str) -> list[Body]:
        """Every release, newest first."""
        return list(self.http.pages(path("applications", application_id, "releases")))

    def rollback(self, application_id: str, order: Body) -> Body:
        """{"environment", "release", "reason"}; without "release" the one before."""
        return self._object("POST", path("applications", application_id, "rollback"), order)

    def try_rollback(self, application_id: str, order: Body) -> Body:
        """What `rollback` would do: see `changes`."""
        return self._object("POST", path("applications", application_id, "rollback"), order, params=DRY_RUN)

    def run(self, environment_id: str, schedule: str, order: Body) -> Body:
        """Run a schedule now: {"cluster", "reason"}; {"number", "job", "clusters"} of the run."""
        return self._object("POST", path("environments", environment_id, "schedules", schedule, "run"), order)

    def retire(self, application_id: str, name: str) -> Body:
        """Remove the application everywhere; `name` confirms."""
        return self._object("POST", path("applications", application_id, "retire"), {"confirm": name})

    def logs(self, environment_id: str, query: Mapping[str, str]) -> Iterator[str]:
        """The data of each event: "follow", "process", "cluster" as in `query`."""
        for event in self.http.events(path("environments", environment_id, "logs"), query):
            yield event.data

    def exec_access(self, environment_id: str) -> Body:
        """{"platform", "allowed", "permitted", "seconds", "idle_seconds"}."""
        return self._object("GET", path("environments", environment_id, "exec"))

    def allow_exec(self, environment_id: str, order: Body) -> Body:
        """{"allowed", "reason"}."""
        return self._object("PUT", path("environments", environment_id, "exec"), order)

    def open_terminal(self, environment_id: str, order: Body) -> Body:
        """{"command", "tty", "process", "cluster", "pod", "reason"}; {"id", "ticket", "cluster", "pod"} of it."""
        return self._object("POST", path("environments", environment_id, "exec"), order)

    def terminals(self, query: Mapping[str, str]) -> list[Body]:
        """Newest first: "environment" as in `query`."""
        return list(self.http.pages(path("terminals"), query))

    def recording(self, terminal_id: str) -> Iterator[str]:
        """The lines of an asciicast."""
        return self.http.lines(path("terminals", terminal_id, "recording"))

    def put_secret(self, environment_id: str, name: str, values: Mapping[str, str]) -> Body:
        """A new version of a secret."""
        return self._object("PUT", path("environments", environment_id, "secrets", name), {"values": dict(values)})

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

    def _object(
        self,
        method: str,
        at: str,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Body:
        found = self.http.send(method, at, body=body, headers=headers, params=params).body
        return found if isinstance(found, dict) else {}


def project_name(application: Body) -> str:
    """The name of an application's project, given as a name or as an object."""
    project = application.get("project")
    return str(project.get("name", "")) if isinstance(project, dict) else str(project or "")


def environment_of(application: Body, name: str | None) -> Body:
    """The environment of that name, or the only one.

    Raises:
        MissingError: there is none of that name.
        UsageError: no name is given, and there are several.
    """
    environments: list[Body] = list(application.get("environments") or [])
    names = ", ".join(sorted(str(each["name"]) for each in environments)) or "none"
    if name is None and len(environments) == 1:
        return environments[0]
    if name is None:
        raise UsageError(f"Which environment? {application['name']} has {names}.", remedy="Name it with --environment.")
    for each in environments:
        if each["name"] == name:
            return each
    raise MissingError(f"{application['name']} has no environment {name}, only {names}.", code="environment_not_found")
