"""The API as the commands use it: one method a call. What the server changes is followed here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from paas.cli.errors import MissingError, UsageError
from paas.cli.http import path
from paas.cli.people import People

Body = dict[str, Any]
DRY_RUN = {"dryRun": "true"}
CLIENT_ID = "dougong-cli"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Client(People):
    """Each method raises CliError where the API refuses."""

    def login(self, username: str, password: str, name: str) -> Body:
        """{"token", "expires_at"}; the token is called `name` in the list of tokens."""
        form = {"username": username, "password": password, "name": name}
        return self._object("POST", "/api/v1/login", form)

    def begin_sign_in(self, scope: str, machine: str) -> Body:
        """{"device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval"}."""
        fields = {"client_id": CLIENT_ID, "scope": scope, "machine": machine}
        return dict(self.http.form("/api/v1/oauth/device_authorization", fields).body)

    def finish_sign_in(self, device_code: str) -> Body:
        """{"access_token", "expires_in", "scope"}, or {"error"} and its description."""
        fields = {"grant_type": DEVICE_GRANT, "device_code": device_code, "client_id": CLIENT_ID}
        return dict(self.http.form("/api/v1/oauth/token", fields).body)

    def me(self) -> Body:
        """Oneself: {"username", "email", "operator", "teams"}."""
        return self._object("GET", "/api/v1/me")

    def end_token(self, token: str) -> None:
        """Revoke a token; the API knows it by its first characters."""
        for known in self.tokens():
            if token.startswith(str(known["id"])):
                self.revoke_token(str(known["id"]))

    def tokens(self, account: str = "") -> list[Body]:
        """One's own, or those of the service account TEAM/NAME."""
        return list(self.http.pages(_tokens(account)))

    def create_token(self, order: Body, account: str = "") -> Body:
        """{"name", "scope", "days"}; {"token", "expires_at"}, shown this once."""
        return self._object("POST", _tokens(account), order)

    def revoke_token(self, token_id: str, account: str = "") -> None:
        """End it."""
        self.http.send("DELETE", f"{_tokens(account)}{quote(token_id, safe='')}/")

    def service_accounts(self, team: str) -> list[Body]:
        """Who a team's pipelines are."""
        return list(self.http.pages(path("teams", team, "service-accounts")))

    def create_service_account(self, team: str, name: str) -> Body:
        """A new one."""
        return self._object("POST", path("teams", team, "service-accounts"), {"name": name})

    def remove_service_account(self, team: str, name: str) -> None:
        """End it and its tokens."""
        self.http.send("DELETE", path("teams", team, "service-accounts", name))

    def teams(self) -> list[Body]:
        """Teams one may view."""
        return list(self.http.pages(path("teams")))

    def create_team(self, team: Body) -> Body:
        """{"name", "title"}."""
        return self._object("POST", path("teams"), team)

    def team_clusters(self, team: str) -> list[Body]:
        """What a team gets on each cluster: [{"cluster", "environments", "figures": {name: {"value", "said_by"}}}]."""
        return list(self.http.pages(path("teams", team, "clusters")))

    def usage(self, team: str) -> list[Body]:
        """[{"environment", "cluster", "seen_at", "figures": {name: {"used", "limit"}}}], the fullest first."""
        return list(self.http.pages(path("teams", team, "usage")))

    def exceptions(self, team: str) -> list[Body]:
        """Exceptions of a team, newest first."""
        return list(self.http.pages(path("teams", team, "exceptions")))

    def propose_exception(self, team: str, order: Body) -> Body:
        """{"cluster", "figures", "days", "reason"}."""
        return self._object("POST", path("teams", team, "exceptions"), order)

    def decide_exception(self, team: str, exception: str, decision: str, reason: str) -> Body:
        """ "accept" or "end" it."""
        return self._object("POST", path("teams", team, "exceptions", exception, decision), {"reason": reason})

    def set_tenant_policy(self, layer: Mapping[str, str], order: Body) -> Body:
        """Change a layer, {"team", "cluster"}, as it is now: {"figures", "reason"}."""
        at = path("tenant-policy")
        tag = self.http.send("GET", at, params=layer).etag
        return self._object("PATCH", at, order, {"If-Match": tag}, layer)

    def projects(self, query: Mapping[str, str]) -> list[Body]:
        """Those that fit `query`: "team"."""
        return list(self.http.pages(path("projects"), query))

    def create_project(self, project: Body) -> Body:
        """{"name", "team", "title"}."""
        return self._object("POST", path("projects"), project)

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
        """Change `cordoned`, `suspended`, `labels` or offers; a function gets the cluster as it is and says them."""
        seen = self.http.send("GET", path("clusters", name))
        wanted = changes(seen.body) if callable(changes) else changes
        return self._object("PATCH", path("clusters", name), wanted, {"If-Match": seen.etag} if seen.etag else None)

    def delete_cluster(self, name: str, *, remove: bool) -> None:
        """Unregister. `remove`: first remove what is ours there, else leave all running."""
        query = {"remove" if remove else "leave_running": "true"}
        self.http.send("DELETE", path("clusters", name), params=query)

    def audit_events(self, query: Mapping[str, str], most: int) -> list[Body]:
        """The newest events that fit."""
        return list(islice(self.http.pages(path("audit"), {**query, "limit": str(min(most, 200))}), most))

    def audit_event(self, event: int) -> Body:
        """One event."""
        return self._object("GET", path("audit", str(event)))

    def export_audit(self, query: Mapping[str, str], to: Path) -> int:
        """Write events to a file; how many bytes. {"as": "csv" or "jsonl"} and what narrows them."""
        return self.http.download(path("audit", "export"), query, to)

    def audit_objects(self, event: int) -> list[Body]:
        """What the event's change came to, on all clusters."""
        return list(self.http.pages(path("audit", str(event), "objects")))

    def who_did(self, query: Mapping[str, str]) -> Body:
        """The click behind {"work", "generation", "uid"}: {"change", "events", "ours"}."""
        return self._object("GET", path("whodid"), params=dict(query))

    def verify_audit(self) -> Body:
        """{"number", "heads", "unsealed", "fault"} of the whole trail, read part by part."""
        heads, after = 0, 0
        while True:
            found = self._object("GET", path("audit", "verification"), params={"after": str(after)})
            heads, after = heads + int(found["heads"]), int(found["number"])
            if found["fault"] or not found["more"]:
                return {**found, "heads": heads}

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

    def rerender(self, environment_id: str, reason: str) -> Body:
        """Render its release anew for the clusters as they are now; {"notes"}."""
        return self._object("POST", path("environments", environment_id, "rerender"), {"reason": reason})

    def retire(self, application_id: str, name: str) -> Body:
        """Remove the application everywhere; `name` confirms."""
        return self._object("POST", path("applications", application_id, "retire"), {"confirm": name})

    def logs(self, environment_id: str, query: Mapping[str, str]) -> Iterator[str]:
        """The data of each event: "follow", "process", "cluster" as in `query`."""
        for event in self.http.events(path("environments", environment_id, "logs"), query):
            yield event.data

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

    def placement(self, environment_id: str) -> Body:
        """{"placement", "divided", "clusters", "joining", "leaving", "spread"}: see `placement`."""
        return self._object("GET", path("environments", environment_id, "placement"))

    def place(self, environment_id: str, change: Callable[[Body], Body], reason: str) -> Body:
        """Place an environment by what `change` makes of its placement as it is now."""
        seen = self.http.send("GET", path("environments", environment_id))
        order = {"placement": change(seen.body["placement"]), "reason": reason}
        return self._object("PATCH", path("environments", environment_id), order, {"If-Match": seen.etag})

    def try_place(self, environment_id: str, change: Callable[[Body], Body]) -> Body:
        """What `place` would do: see `changes`."""
        seen = self.http.send("GET", path("environments", environment_id))
        order = {"placement": change(seen.body["placement"])}
        return self._object("PATCH", path("environments", environment_id), order, params=DRY_RUN)

    def scaling(self, environment_id: str) -> Body:
        """{"horizontal", "vertical"}: see `placement`."""
        return self._object("GET", path("environments", environment_id, "scaling"))

    def works(self, query: Mapping[str, str]) -> list[Body]:
        """What is delivered: "owner_name", "cluster" as in `query`."""
        return list(self.http.pages(path("works"), query))

    def work(self, work_id: str) -> Body:
        """One, with the objects that it has and keeps."""
        return self._object("GET", path("works", work_id))

    def let_go(self, work_id: str, order: Body) -> Body:
        """Have a held object deleted: {"object", "confirm", "reason"}."""
        return self._object("POST", path("works", work_id, "let-go"), order)

    def topology(self, environment_id: str) -> list[Body]:
        """What an environment is made of, a cluster each: see `topology`."""
        return list(self.http.pages(path("environments", environment_id, "topology")))

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


def account_of(reference: str) -> tuple[str, str]:
    """The team and the name of a service account TEAM/NAME. UsageError where it is not that."""
    team, separator, name = reference.partition("/")
    if not team or not separator or not name or "/" in name:
        raise UsageError(f"{reference!r} is no service account.", remedy="Name it as TEAM/NAME.")
    return team, name


def _tokens(account: str) -> str:
    if not account:
        return path("tokens")
    team, name = account_of(account)
    return path("teams", team, "service-accounts", name, "tokens")


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
