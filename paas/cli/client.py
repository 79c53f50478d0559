"""The API as the commands use it: one method a call. What the server changes is followed here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from paas.cli.calls import DRY_RUN, Body
from paas.cli.errors import MissingError, UsageError
from paas.cli.http import path
from paas.cli.people import People
from paas.cli.signing_in import SigningIn
from paas.cli.tenancy import Tenancy
from paas.cli.values import Values


class Client(SigningIn, People, Tenancy, Values):
    """Each method raises CliError where the API refuses."""

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

    def consumers(self, team: str) -> list[Body]:
        """[{"environment", "cluster", "process", "pods", "cpu", "memory", "part"}], what asks for most first."""
        return list(self.http.pages(path("teams", team, "consumers")))

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
        """The click behind {"work", "generation", "uid"}: {"change", "events", "ours", "calls"}."""
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

    def differences(self, application: Body, environment: str, before: str, after: str) -> Body:
        """From one release of an environment to another: see `changes.between`; the latest one where `after` is empty.

        Raises:
            MissingError: there is none of that number.
        """
        query = {"application": str(application["name"]), "project": project_name(application), "limit": "1"}
        query |= {"environment": environment, **({"number": after.removeprefix("r")} if after else {})}
        found = next(self.http.pages(path("releases"), query), None)
        if found is None:
            raise MissingError(
                f"{application['name']} has no release {after or 'yet'} in {environment}.", code="release_not_found"
            )
        return self._object("GET", path("releases", str(found["id"]), "differences"), params={"from": before})

    def rollback(self, application_id: str, order: Body) -> Body:
        """{"environment", "release", "reason"}; without "release" the one before."""
        return self._object("POST", path("applications", application_id, "rollback"), order)

    def try_rollback(self, application_id: str, order: Body) -> Body:
        """What `rollback` would do: see `changes`."""
        return self._object("POST", path("applications", application_id, "rollback"), order, params=DRY_RUN)

    def schedules(self, environment_id: str) -> list[Body]:
        """[{"name", "cluster", "cron", "health", "reason", "message", "runs": [{"job", "number", "verdict",
        "started_at", "seconds", "message", "pods"}]}].
        """
        return list(self.http.pages(path("environments", environment_id, "schedules")))

    def run(self, environment_id: str, schedule: str, order: Body) -> Body:
        """Run a schedule now: {"cluster", "reason"}; {"number", "job", "clusters"} of the run."""
        return self._object("POST", path("environments", environment_id, "schedules", schedule, "run"), order)

    def rerender(self, environment_id: str, reason: str) -> Body:
        """Render its release anew for the clusters as they are now; {"notes"}."""
        return self._object("POST", path("environments", environment_id, "rerender"), {"reason": reason})

    def retire(self, application_id: str, order: Body) -> Body:
        """Remove the application everywhere: {"confirm": its name, "reason"}."""
        return self._object("POST", path("applications", application_id, "retire"), order)

    def retire_environment(self, environment_id: str, order: Body) -> Body:
        """Remove one environment everywhere: {"confirm": its name, "reason"}."""
        return self._object("POST", path("environments", environment_id, "retire"), order)

    def logs(self, environment_id: str, query: Mapping[str, str]) -> Iterator[str]:
        """The data of each event: "follow", "process", "cluster" as in `query`."""
        for event in self.http.events(path("environments", environment_id, "logs"), query):
            yield event.data

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
