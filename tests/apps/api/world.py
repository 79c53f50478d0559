"""So many rows of everything, and somebody who asks: how many queries each request took, and what was answered."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps import services
from apps.appfile import validate
from apps.config import Declaration
from apps.delivery import APPLICATION, GROUND
from apps.models import Application, Terminal
from apps.selectors.config import scope_of
from apps.services.config import Edit
from apps.terminals import store
from clusters.manifests import ObjectId
from clusters.models import ClusterCredential, OwnedObject, Work, WorkloadPods
from clusters.quotas import REPORTED
from paas.identity import break_glass, service_accounts
from paas.identity import services as identity
from paas.identity.models import User
from tests.proof.operations import OPERATIONS

BLOCKS = [
    {"autoscale": {"process": "web", "min": 2, "max": 4, "cpu_percent": 70}},
    {"schedule": {"name": "report", "schedule": "30 3 * * *", "cpu": "50m", "memory": "64Mi"}},
]
FORM = "application/x-www-form-urlencoded"
PASSWORD = "likes dumplings"
POD = {
    "name": "hello-web-1", "image": "registry.example/hello", "node": "node-1", "phase": "Running",
    "health": "Healthy", "reason": "", "message": "", "ready": 1, "containers": 1, "restarts": 0,
    "created_at": "2026-11-24T10:00:00Z",
}  # fmt: skip


@dataclass
class Asked:
    """A request and what came of it: `name` is its line in the baseline, `operation` its id in the OpenAPI file."""

    name: str
    operation: str
    dry: bool
    body: Any
    answer: Any
    queries: int


@dataclass
class World:
    """All of one owner, who is an operator too; `other` owns the team as well, and is none. `stranger` has no token."""

    client: Any
    owner: Any
    other_client: Any
    other: Any
    stranger: Any
    admin: Any
    team: Any
    project: Any
    document: Any
    make_cluster: Any
    rows: int = 0
    turn: int = 0
    asked: list[Asked] = field(default_factory=list)

    def ask(self, name, address, body=None, *, by=None, form=False, **headers):
        """Send it, and remember: "POST rollback" is a POST. `form`: the body as a form."""
        method = name.partition(" ")[0].lower()
        sent = {"data": urlencode(body), "content_type": FORM} if form else {"data": body}
        with CaptureQueriesContext(connection) as seen:
            answer = getattr(by or self.client, method)(f"/api/v1/{address}", **sent, headers=headers)
        assert answer.status_code < 300, (name, address, answer.content)
        dry = "dryRun=true" in address or bool(body and body.get("dryRun"))
        operation = operation_of(method, f"/api/v1/{address}".partition("?")[0])
        self.asked.append(Asked(name, operation, dry, body, answer, len(seen)))
        return answer

    def file(self, name, **fields):
        """An app file on the first two clusters."""
        return self.document(name=name, host=f"{name}.example", clusters=["c-0", "c-1"], **fields)

    def deploy(self, name="hello-0", actor=None, **fields):
        blocks = BLOCKS if name == "hello-0" else []
        file = validate(self.file(name, blocks=blocks, **fields))
        return services.deploy(project=self.project, app_file=file, actor=actor or self.owner)

    @property
    def hello(self):
        """The application that has most."""
        return Application.objects.get(name="hello-0")

    @property
    def environment(self):
        return self.hello.environments.get()

    def grow(self, rows):
        """So many of each kind."""
        for number in range(self.rows, rows):
            cluster = self.make_cluster(f"c-{number}", labels={"n": str(number)})
            ClusterCredential.objects.create(cluster=cluster, token="t")
        for number in range(self.rows, rows):
            self._people(number)
            self._applications(number)
            self._waiting(number)
            self._opened(number)
        self._seen()
        self.rows = rows

    def _people(self, number):
        team = identity.create_team(name=f"t-{number}", actor=self.admin)
        identity.add_member(team=team, user=self.owner, role="owner", actor=self.admin)
        member = identity.create_user(username=f"u-{number}", password=f"{number} {PASSWORD}", actor=self.admin)
        identity.add_member(team=self.team, user=member, role="viewer", actor=self.admin)
        services.set_project_member(project=self.project, user=member, role="viewer", actor=self.owner)
        identity.set_platform_role(user=member, role="auditor", held=True, actor=self.admin)
        identity.create_token(user=self.owner, name=f"k-{number}", actor=self.owner)
        service_accounts.create_service_account(team=self.team, name=f"ci-{number}", actor=self.owner)
        first = User.objects.get(username="ci-0@crew")
        identity.create_token(user=first, name=f"k-{number}", scope="deploy", actor=self.owner)
        taken = break_glass.take_role(team=self.team, role="viewer", actor=self.owner, reason="to help")
        break_glass.end_taken_role(taken=taken, actor=self.owner)

    def _applications(self, number):
        services.create_project(team=self.team, name=f"p-{number}", actor=self.owner)
        self.deploy(f"hello-{number}")
        self.deploy(greeting=f"hello {number}")
        services.set_secret(environment=self.environment, name=f"s-{number}", values={"KEY": "value"}, actor=self.owner)
        services.set_pull_secret(
            team=self.team, registry=f"r-{number}.example", username="bot", password="a password", actor=self.owner
        )

    def _waiting(self, number):
        """What waits for a second person, or for its time. What is proposed anew takes the place of what was."""
        if number == 0:
            self.deploy("guarded")
            guarded = Application.objects.get(name="guarded").environments.get()
            services.protect_environment(environment=guarded, protected=True, actor=self.owner)
        self.deploy("guarded", actor=self.other, greeting=f"hi {number}")
        scope = scope_of(self.project)
        edit = Edit({f"KEY_{number}": "value"}, {f"LIMIT_{number}": Declaration(protected=True)})
        services.change_config(scope=scope, edit=edit, actor=self.owner, release=False)
        services.change_config(scope=scope, edit=Edit({f"LIMIT_{number}": "1"}, {}), actor=self.other, release=False)
        services.declare_freeze(**self.freeze(number), team=self.team, actor=self.owner)
        services.propose_exception(
            team=self.team, cluster=None, figures={"pods": "90"}, days=7, reason="a sale", actor=self.other
        )
        services.set_tenant_policy(team=self.team, cluster=None, figures={"pods": str(60 + number)}, actor=self.owner)

    def freeze(self, number):
        """One to come, of environments that are not there; each begins at another time, which orders their list."""
        at = {"starts": f"2099-12-24T18:{number:02}", "ends": "2099-12-27T08:00", "time_zone": "Europe/Berlin"}
        return {"environments": [f"staging-{number}"], **at, "reason": "a sale"}

    def _opened(self, number):
        now = timezone.now()
        row = Terminal.objects.create(
            environment=self.environment, cluster="c-0", pod="hello-web-1", container="web", command=["ls"], tty=True,
            opened_by=self.owner, opened_by_name="olga", ticket=f"{number:064}", ends_at=now, ended_at=now,
            ending=Terminal.Ending.EXITED, exit_code=0,
        )  # fmt: skip
        store.append(row.pk, '[0.1, "o", "hello"]\n')

    def _seen(self):
        """What the loop and the watch would have told."""
        counted = {"hard": {"pods": "50", "requests.cpu": "32"}, "used": {"pods": "2", "requests.cpu": "100m"}}
        Work.objects.filter(name=GROUND).update(reported={REPORTED: [counted]})
        for work in Work.objects.filter(name=APPLICATION).select_related("cluster"):
            for body in (each["body"] for each in work.manifests):
                namespace, oid = body["metadata"]["namespace"], str(ObjectId.of(body))
                OwnedObject.objects.get_or_create(
                    cluster=work.cluster, oid=oid,
                    defaults={"work": work, "api_version": body["apiVersion"], "namespace": namespace, "claim": "0",
                              "uid": "0"},
                )  # fmt: skip
                if body["kind"] == "Deployment":
                    WorkloadPods.objects.get_or_create(
                        cluster=work.cluster, oid=oid, defaults={"namespace": namespace, "total": 1, "pods": [POD]}
                    )


def operation_of(method, path):
    """The id of the operation whose address this is; of two the one that says more of it."""
    fitting = [
        each
        for each in OPERATIONS
        if each.method == method and re.fullmatch(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(each.path)), path)
    ]
    return min(fitting, key=lambda each: each.path.count("{")).id
