"""The operations of docs/openapi.yaml, and what is sent to them about a tenant.

What can be named in a request is found from the file; `BODIES` only says what a good request looks like, so that it
gets past the form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import yaml
from django.utils import timezone

from tests.proof.tenants import Tenant

FILE = yaml.safe_load((Path(__file__).parents[2] / "docs" / "openapi.yaml").read_text())
METHODS = ("get", "post", "put", "patch", "delete")
# They last for minutes.
STREAMS = frozenset({"applications_status_stream", "environments_logs"})
# Who asks is not known yet.
BEFORE_SIGN_IN = frozenset({"login", "device_authorization", "device_token"})
Step = str | int
Change = Callable[[Tenant], Any]


@dataclass(frozen=True)
class Operation:
    """`kind` is the first part of its address, `names` are the parameters in it, `queries` those behind the `?`."""

    id: str
    method: str
    path: str
    names: tuple[str, ...]
    queries: tuple[str, ...]
    needed: frozenset[str]
    optional: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The noun."""
        return self.path.split("/")[3]

    @property
    def reads(self) -> bool:
        """It changes nothing."""
        return self.method == "get"

    def places(self, of: Tenant) -> dict[str, str]:
        """What stands in its address about that tenant."""
        known = dict(of.places)
        if "/schedules/" in self.path:
            known["environments", "name"] = "report"
        for noun, row in of.rows.items():
            if f"/{noun}/" in self.path:
                known["teams", "id"] = row
        return {name: known[self.kind, name] for name in self.names}

    def query(self, of: Tenant) -> dict[str, str]:
        """What has to stand behind its address."""
        return {name: of.queries[name] for name in sorted({*self.needed, "of"} & {*self.queries})}

    def body(self, of: Tenant) -> Any:
        """What is sent about that tenant: a good request, with the texts that could be sent beside."""
        if self.id not in BODIES:
            return {} if self.method in ("post", "put", "patch") else None
        return {**dict.fromkeys(self.optional, ""), **deepcopy(BODIES[self.id](of))}

    def address(self, places: Mapping[str, str], query: Mapping[str, str]) -> str:
        """Where it is sent."""
        filled = self.path.format(**{name: quote(value, safe="") for name, value in places.items()})
        return f"{filled}?{urlencode(query)}" if query else filled


def _operation(method: str, path: str, said: dict[str, Any]) -> Operation:
    parameters = said.get("parameters", [])
    of = {where: [each for each in parameters if each["in"] == where] for where in ("path", "query")}
    return Operation(
        id=said["operationId"],
        method=method,
        path=path,
        names=tuple(sorted((each["name"] for each in of["path"]), key=lambda name: path.index(f"{{{name}}}"))),
        queries=tuple(each["name"] for each in of["query"]),
        needed=frozenset(each["name"] for each in of["query"] if each.get("required")),
        optional=tuple(_optional_texts(said)),
    )


def _optional_texts(said: dict[str, Any]) -> Iterator[str]:
    """Fields of the body that may be left out, and empty."""
    for media in said.get("requestBody", {}).get("content", {}).values():
        schema = FILE["components"]["schemas"][media["schema"]["$ref"].rpartition("/")[2]]
        for name, field in schema["properties"].items():
            if field.get("type") == "string" and name not in schema.get("required", ()) and field.get("default") == "":
                yield name


OPERATIONS = [
    _operation(method, path, said)
    for path, methods in FILE["paths"].items()
    for method, said in methods.items()
    if method in METHODS
]
TAKES_BODY = frozenset(
    said["operationId"]
    for methods in FILE["paths"].values()
    for method, said in methods.items()
    if method in METHODS and "requestBody" in said
)


def _deploy(of: Tenant) -> dict[str, Any]:
    return {"appFile": of.app_file(), "environments": ["production"]}


def _in_days(days: int) -> str:
    """A moment to come, as people write it."""
    return f"{timezone.now().date() + timedelta(days=days)}T18:00"


BODIES: dict[str, Change] = {
    "applications_deploy": _deploy,
    "applications_retire": lambda of: {"confirm": of.application.name},
    "approvals_approve": lambda of: {},
    "approvals_decline": lambda of: {"reason": "not now"},
    "break_glass_take": lambda of: {"role": "owner", "reason": "to help"},
    "applications_rollback": lambda of: {"environment": "production", "release": "1"},
    "clusters_create": lambda of: {"name": f"new-{of.letter}", "server": "https://new.example", "ca_data": "x",
                                   "token": "t"},
    "clusters_credentials_create": lambda of: {"token": "t"},
    "clusters_update": lambda of: {"labels": {"region": of.letter}},
    "config_proposals_accept": lambda of: {},
    "config_proposals_refuse": lambda of: {},
    "config_update": lambda of: {"values": {"LEVEL": "info"}},
    "environments_create": lambda of: {
        "project": of.project.name, "application": of.application.name, "name": "staging",
    },
    "environments_exec": lambda of: {"command": ["sh"], "cluster": "east"},
    "environments_exec_allow": lambda of: {"allowed": True},
    "environments_protect": lambda of: {"protected": True},
    "environments_rerender": lambda of: {},
    "environments_retire": lambda of: {"confirm": of.environment.name},
    "environments_schedules_run": lambda of: {"cluster": "east"},
    "environments_secrets_set": lambda of: {"values": {"DATABASE_URL": f"of {of.letter}"}},
    "environments_update": lambda of: {"placement": {"clusters": ["east"]}},
    "freezes_create": lambda of: {
        "team": of.team.name, "environments": ["staging"], "starts": _in_days(40), "ends": _in_days(41),
        "reason": "a holiday",
    },
    "freezes_end": lambda of: {},
    "projects_create": lambda of: {"team": of.team.name, "name": f"shop-{of.letter}"},
    "projects_members_set": lambda of: {"role": "viewer"},
    "render": lambda of: {"appFile": of.app_file(), "environment": "production", "cluster": "east"},
    "service_account_tokens_create": lambda of: {"name": "another"},
    "service_accounts_create": lambda of: {"name": "builder"},
    "teams_cordon": lambda of: {"cordoned": False},
    "teams_create": lambda of: {"name": f"new-{of.letter}", "title": "The new one"},
    "teams_exceptions_decide": lambda of: {},
    "teams_exceptions_propose": lambda of: {
        "cluster": "east", "figures": {"pods": "80"}, "days": 3, "reason": "a sale",
    },
    "teams_protect": lambda of: {"protected": True},
    "teams_pull_secrets_set": lambda of: {"username": "bot", "password": f"a password of {of.letter}"},
    "teams_members_set": lambda of: {"role": "viewer"},
    "teams_update": lambda of: {"title": f"The crew {of.letter}"},
    "tenant_policy_update": lambda of: {"figures": {"pods": "70"}},
    "tokens_create": lambda of: {"name": "another"},
    "works_let_go": lambda of: {"object": of.held, "confirm": "old"},
}  # fmt: skip


def texts(value: Any, at: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Every text in a body, with the way to it."""
    if isinstance(value, str):
        yield at, value
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in inside:
        yield from texts(inner, (*at, step))


def put(value: Any, at: tuple[Step, ...], text: str) -> None:
    """Another text there."""
    for step in at[:-1]:
        value = value[step]
    value[at[-1]] = text
