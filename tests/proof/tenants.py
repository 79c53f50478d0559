"""Teams on one platform, each with one of everything: what the proofs stand on.

What only its own people may read comes from `mark(name)`, what nobody may read again from `plant(name)`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from apps import services
from apps.appfile import validate
from apps.config import Declaration
from apps.models import (
    Application,
    ConfigProposal,
    Environment,
    FreezeWindow,
    Project,
    Release,
    ReleaseProposal,
    TenantException,
    Terminal,
)
from apps.selectors.config import scope_of
from apps.services.config import Edit
from apps.terminals import store
from clusters.manifests import ObjectId
from clusters.models import Cluster, OwnedObject, Work
from clusters.target import ClusterTarget, GatewayRef
from paas.core.filters import LONGEST_NAME, save_filter
from paas.core.models import AuditEvent, SavedFilter
from paas.identity import break_glass, service_accounts
from paas.identity import services as identity
from paas.identity.models import ApiToken, BreakGlass, Team, User

ROLES = ("owner", "releaser", "developer", "viewer")
SERVED = frozenset({"gateway.networking.k8s.io/v1/HTTPRoute"})
SPARE = "spare"
Text = Callable[[str], str]


@dataclass
class Platform:
    """What belongs to nobody: an administrator, an operator, a cluster, and the people, whatever team takes them in."""

    admin: User
    operator: User
    cluster: Cluster
    people: dict[str, User]


@dataclass
class Tenant:
    """A team with one of everything; `tokens` are API tokens by role, the service account's under "machine"."""

    letter: str
    team: Team
    people: dict[str, User]
    tokens: dict[str, str]
    project: Project
    application: Application
    environment: Environment
    terminal: Terminal
    proposal: ConfigProposal
    approval: ReleaseProposal
    freeze: FreezeWindow
    exception: TenantException
    taken: BreakGlass
    filter: SavedFilter

    def client(self, role: str) -> APIClient:
        """Speaks as the person of that role, with their token."""
        made = APIClient(raise_request_exception=False)
        made.credentials(HTTP_AUTHORIZATION=f"Bearer {self.tokens[role]}")
        return made

    @cached_property
    def places(self) -> dict[tuple[str, str], str]:
        """What leads to something of theirs, by the first part of an address and the name of a parameter in it."""
        return {
            ("applications", "id"): str(self.application.pk),
            ("approvals", "id"): str(self.approval.pk),
            ("audit", "id"): str(AuditEvent.objects.filter(object_id=str(self.environment.pk)).earliest("id").pk),
            ("clusters", "id"): self.environment.placements.get().cluster.name,
            ("config", "id"): str(self.proposal.pk),
            ("environments", "id"): str(self.environment.pk),
            ("environments", "name"): "database",
            ("freezes", "id"): str(self.freeze.pk),
            ("platform", "role"): "auditor",
            ("platform", "username"): self.people["viewer"].username,
            ("projects", "application"): self.application.name,
            ("projects", "name"): self.project.name,
            ("projects", "username"): self.people["viewer"].username,
            ("releases", "id"): str(self.release.pk),
            ("teams", "account"): "ci",
            ("teams", "decision"): "end",
            ("teams", "id"): ApiToken.objects.get(user=self.people["machine"], name=SPARE).token_key,
            ("teams", "name"): self.team.name,
            ("teams", "registry"): "registry.example",
            ("teams", "team"): self.team.name,
            ("teams", "username"): self.people["viewer"].username,
            ("terminals", "id"): str(self.terminal.pk),
            ("tokens", "id"): ApiToken.objects.get(user=self.people["owner"], name=SPARE).token_key,
            ("works", "id"): str(self.work.pk),
        }

    @cached_property
    def queries(self) -> dict[str, str]:
        """The same for what stands behind the `?` of an address."""
        return {
            "action": "deploy",
            "application": self.application.name,
            "as": "jsonl",
            "cluster": "east",
            "confirm": "registry.example",
            "environment": str(self.environment.pk),
            "from": str(self.release.pk),
            "generation": str(self.work.generation),
            "object": f"environment/{self.project.name}/{self.application.name}/production",
            "of": f"{self.project.name}/{self.application.name}",
            "owner_id": str(self.environment.pk),
            "person": self.people["viewer"].username,
            "project": self.project.name,
            "scope": "application",
            "team": self.team.name,
            "with": str(self.environment.pk),
            "work": str(self.work.pk),
        }

    @cached_property
    def rows(self) -> dict[str, str]:
        """What the id after a team's name is of, by the noun before it."""
        return {"exceptions": str(self.exception.pk), "break-glass": str(self.taken.pk)}

    @property
    def work(self) -> Work:
        """The Work of what runs."""
        return Work.objects.get(owner_id=self.environment.pk, name="application")

    @property
    def held(self) -> str:
        """The id of an object that the loop keeps."""
        return str(ObjectId("", "ConfigMap", self.environment.namespace, "old"))

    @property
    def release(self) -> Release:
        """The first one."""
        return Release.objects.get(environment=self.environment, number=1)

    def app_file(self, **changes: Any) -> dict[str, Any]:
        """The app file as it was deployed last."""
        return {**(Application.objects.get(pk=self.application.pk).app_file or {}), **changes}


def platform(password: Text, server: str = "") -> Platform:
    """The platform and everybody on it: for each of two teams one person of each role."""
    admin = identity.bootstrap_admin(username="admin", password=password("the password of admin"))
    operator = identity.create_user(username="oscar", password=password("the password of oscar"), actor=admin)
    identity.set_operator(user=operator, operator=True, actor=admin)
    people = {}
    for name in (f"{role}-{letter}" for letter in "ab" for role in ROLES):
        people[name] = identity.create_user(username=name, password=password(f"the password of {name}"), actor=admin)
    return Platform(admin, operator, cluster("east", server), people)


def cluster(name: str, server: str = "") -> Cluster:
    """One with the facts that an app file of theirs needs."""
    target = ClusterTarget(name=name, version="v1.34.4", served=SERVED, gateway=GatewayRef("dougong", "public"),
                           pod_security="v1.34")  # fmt: skip
    facts = {"target": {key: value for key, value in target.to_json().items() if key != "name"}}
    return Cluster.objects.create(
        name=name, server=server or f"https://{name}.example:6443", ca_data="", facts=facts, identity=f"uid-of-{name}"
    )


def settle(on: Platform, letter: str, *, mark: Text, plant: Text) -> Tenant:
    """A team that has used everything there is."""
    team = identity.create_team(name=f"crew-{letter}", title=mark("the title of the team"), actor=on.admin)
    people = {role: on.people[f"{role}-{letter}"] for role in ROLES}
    for role, person in people.items():
        identity.add_member(team=team, user=person, role=role, actor=on.admin)
    identity.remove_member(team=team, user=on.admin, actor=people["owner"])
    owner = people["owner"]
    people["machine"] = service_accounts.create_service_account(team=team, name="ci", actor=owner)
    project = services.create_project(
        team=team, name=f"demo-{letter}", title=mark("the title of the project"), actor=owner
    )
    environment = services.create_environment(
        project=project, application=f"hello-{letter}", name="production", actor=owner
    )
    _keep_secrets(environment, people["developer"], plant)
    application = environment.application
    file = _app_file(letter, mark)
    for greeting in ("the first greeting", "the greeting"):
        file["blocks"][1] = {"config": {"values": {"GREETING": mark(greeting)}}}
        services.deploy(project=project, app_file=validate(file), actor=people["developer"], reason=mark("the reason"))
    services.set_pull_secret(
        team=team, registry="registry.example", username=mark("who pulls"), actor=owner,
        password=plant("the password of the team's registry"),
    )  # fmt: skip
    environment.refresh_from_db()
    proposal = _configure(application, owner, mark)
    services.allow_exec(environment=environment, allowed=True, actor=owner)
    tenant = Tenant(
        letter, team, people, _tokens(people, owner), project, application, environment,
        _terminal(environment, owner, mark, plant), proposal, _approval(environment, people, file, mark),
        _freeze(team, owner, mark), _exception(team, on.cluster, owner, mark),
        break_glass.take_role(team=team, role="viewer", actor=on.operator, reason=mark("why a role was taken")),
        save_filter(
            actor=owner, page="applications_application", query=f"team=crew-{letter}",
            name=mark("the name of a filter")[:LONGEST_NAME],
        ),
    )  # fmt: skip
    _hold(tenant)
    return tenant


def _hold(tenant: Tenant) -> None:
    """As the loop says it of an object that no change of theirs has named."""
    work = tenant.work
    OwnedObject.objects.create(
        work=work, cluster=work.cluster, oid=tenant.held, api_version="v1", claim=tenant.letter, uid=tenant.letter
    )
    work.reported["PruneHeld"] = [{"id": tenant.held}]
    work.save(update_fields=["reported"])


def _keep_secrets(environment: Environment, actor: User, plant: Text) -> None:
    """A password of a database, and a registry's."""
    logins = {"auths": {"registry.example": {"auth": plant("the password of the registry")}}}
    values = {"database": {"DATABASE_URL": plant("a secret value")}, "registry": {"LOGIN": json.dumps(logins)}}
    for name, of_it in values.items():
        services.set_secret(environment=environment, name=name, values=of_it, actor=actor)


def _app_file(letter: str, mark: Text) -> dict[str, Any]:
    return {
        "name": f"hello-{letter}",
        "project": f"demo-{letter}",
        "image": f"registry.example/{mark('the image')}@sha256:{'a' * 64}",
        "environments": {"production": {"clusters": ["east"]}},
        "blocks": [
            {"process": {"name": "web", "cpu": "50m", "memory": "64Mi"}},
            {},
            {"port": {"process": "web", "port": 8080}},
            {"route": {"process": "web", "host": f"{letter}.example"}},
            {"secret": {"name": "database"}},
            {"pull_secret": {"name": "registry", "key": "LOGIN"}},
            {"schedule": {"name": "report", "schedule": "30 3 * * *", "cpu": "50m", "memory": "64Mi"}},
        ],
    }


def _configure(application: Application, owner: User, mark: Text) -> ConfigProposal:
    """A value, and one that waits for a second person."""
    scope = scope_of(application)
    edit = Edit({"NOTICE": mark("a value of the configuration")}, {"LIMIT": Declaration(protected=True)})
    services.change_config(scope=scope, edit=edit, actor=owner, reason=mark("why it is configured"))
    waiting = Edit({"LIMIT": mark("a value that waits")}, {})
    proposal = services.change_config(scope=scope, edit=waiting, actor=owner, reason=mark("why it waits")).proposal
    assert proposal is not None
    return proposal


def _approval(environment: Environment, people: dict[str, User], file: dict[str, Any], mark: Text) -> ReleaseProposal:
    """A release that waits for a second person. The environment is open again afterwards, and what waits goes on."""
    owner = people["owner"]
    services.protect_environment(environment=environment, protected=True, actor=owner)
    file["blocks"][1] = {"config": {"values": {"GREETING": mark("what is proposed"), "PROPOSED": "yes"}}}
    services.deploy(
        project=environment.application.project, app_file=validate(file), actor=people["releaser"],
        reason=mark("why it is proposed"),
    )  # fmt: skip
    services.protect_environment(environment=environment, protected=False, actor=owner, reason=mark("why it is open"))
    environment.refresh_from_db()
    return ReleaseProposal.objects.get(environment=environment)


def _freeze(team: Team, owner: User, mark: Text) -> FreezeWindow:
    """One to come, which keeps nothing out yet."""
    day = timezone.now().date() + timedelta(days=30)
    return services.declare_freeze(
        team=team, environments=["production"], starts=f"{day}T18:00", ends=f"{day}T20:00", actor=owner,
        reason=mark("why it is frozen"),
    )  # fmt: skip


def _exception(team: Team, cluster: Cluster, owner: User, mark: Text) -> TenantException:
    """One that an operator has not decided on."""
    return services.propose_exception(
        team=team, cluster=cluster, figures={"pods": "90"}, days=7, reason=mark("why more is needed"), actor=owner
    )


def _tokens(people: dict[str, User], owner: User) -> dict[str, str]:
    """One each; a machine's is made by an owner."""
    made = {}
    # Those that are told of in addresses, and may be ended: nobody comes with them.
    for person in (owner, people["machine"]):
        identity.create_token(user=person, name=SPARE, scope="deploy", actor=owner)
    for role, person in people.items():
        actor, scope = (owner, "deploy") if role == "machine" else (person, "admin")
        made[role], _ = identity.create_token(user=person, name=f"of {role}", scope=scope, actor=actor)
    return made


def _terminal(environment: Environment, owner: User, mark: Text, plant: Text) -> Terminal:
    """One that has ended, and what it showed."""
    now = timezone.now()
    row = Terminal.objects.create(
        environment=environment, cluster="east", pod="web-1", container="web", command=["echo", mark("a command")],
        tty=True, reason=mark("why the terminal"), opened_by=owner, opened_by_name=owner.username, ticket="0" * 64,
        attached_at=now, ends_at=now + timedelta(minutes=1), ended_at=now, ending=Terminal.Ending.EXITED, exit_code=0,
    )  # fmt: skip
    store.append(row.pk, f'[0.1, "o", "{plant("what a terminal showed")}"]\n')
    return row
