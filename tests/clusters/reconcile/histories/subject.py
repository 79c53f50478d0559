"""The application of a history: what people do with it, by the real services, and whether it is as declared."""

from __future__ import annotations

import secrets
from typing import Any

from apps import services
from apps.appfile import validate
from apps.delivery import secret_reference
from apps.models import Application, Environment, SecretVersion
from clusters.manifests import LABEL_WORK, Manifest, ObjectId, claim_of
from clusters.models import OwnedObject, Work
from paas.core.errors import Conflict
from tests.clusters.reconcile.histories.truths import Record, leaked, look, undeclared
from tests.clusters.reconcile.histories.world import World

IMAGE = f"registry.invalid/nothing@sha256:{'0' * 64}"  # no replica runs
PROCESS = {"cpu": "50m", "memory": "64Mi", "replicas": 0}
# What a service may refuse in the middle of a history, and rightly.
REFUSALS = frozenset(
    {
        "already_running", "application_retiring", "cluster_not_ready", "environment_retiring", "nothing_to_roll_back",
        "work_retired",
    }
)  # fmt: skip


class Subject:
    """One application of one name; each time it is retired and deployed anew it has another environment."""

    def __init__(self, world: World, project: Any, actor: Any) -> None:
        self.world, self.project, self.actor = world, project, actor
        self.name = f"h-{secrets.token_hex(4)}"
        self.canary = f"canary-{secrets.token_hex(12)}"
        self.record = Record(self.name)
        self.environments: list[Environment] = []
        self._begin()

    # What people do

    def _begin(self) -> None:
        """An environment with its secret, so that a deploy has one to pin."""
        given = {"project": self.project, "application": self.name, "name": "production"}
        self.environments.append(services.create_environment(actor=self.actor, **given))
        self.record.accepted.update(("application.created", "environment.created"))
        self.store_secret()

    def store_secret(self) -> None:
        given = {"environment": self.environment, "name": "keys", "values": {"PASSWORD": self.canary}}
        with self._accepted("secret.stored"):
            services.set_secret(actor=self.actor, **given)

    def deploy(self, greeting: int, where: tuple[str, ...], *, route: bool = True, worker: bool = False) -> None:
        """Declare it; where it was retired, anew, as soon as the last of it is gone."""
        if not self.living():
            if Application.objects.filter(name=self.name, retired_at=None).exists():
                return
            self._begin()
        before = set(self.environment.placements.values_list("cluster__name", flat=True))
        file = validate(self._document(greeting, where, route=route, worker=worker))
        with self._accepted() as accepted:
            done = services.deploy(project=self.project, app_file=file, actor=self.actor)
            if done.releases:
                accepted.actions = ("environment.deployed",)
            elif before != set(where):
                accepted.actions = ("environment.placed",)

    def _document(self, greeting: int, where: tuple[str, ...], *, route: bool, worker: bool) -> dict[str, Any]:
        blocks: list[dict[str, Any]] = [
            {"process": {"name": "web", **PROCESS}},
            {"port": {"process": "web", "port": 8080}},
            {"config": {"values": {"GREETING": str(greeting)}}},
            {"secret": {"name": "keys"}},
        ]
        blocks += [{"route": {"process": "web", "host": f"{self.name}.example"}}] if route else []
        blocks += [{"process": {"name": "worker", **PROCESS}}] if worker else []
        return {
            "name": self.name, "project": self.project.name, "image": IMAGE, "blocks": blocks,
            "environments": {"production": {"clusters": list(where)}},
        }  # fmt: skip

    def roll_back(self, which: int) -> None:
        """To one of its releases, or with 0 to the one before."""
        releases = list(self.environment.releases.order_by("number"))
        chosen = releases[which % len(releases)] if releases and which else None
        with self._accepted("environment.rolled_back"):
            services.rollback(environment=self.environment, release=chosen, actor=self.actor)

    def retire(self) -> None:
        if self.living():
            application = Application.objects.get(name=self.name, retired_at=None)
            services.retire(application=application, actor=self.actor, confirm=application.name)
            # The last two are written when the last object is gone.
            self.record.accepted.update(("application.retiring", "environment.retired", "application.retired"))

    def _accepted(self, *actions: str) -> _Accepted:
        return _Accepted(self.record, actions)

    # What there is of it

    @property
    def environment(self) -> Environment:
        return self.environments[-1]

    @property
    def namespace(self) -> ObjectId:
        return ObjectId("", "Namespace", "", self.environment.namespace)

    def living(self) -> bool:
        self.environment.refresh_from_db()
        return self.environment.retiring_at is None

    def works(self, cluster: str) -> list[Work]:
        found = Work.objects.filter(owner_id=self.environment.pk, cluster=self.world.places[cluster].row)
        return list(found.select_related("cluster"))

    def desired(self, cluster: str) -> list[Manifest]:
        return [Manifest.from_json(each) for work in self.works(cluster) for each in work.manifests]

    def delivered(self) -> list[tuple[str, ObjectId]]:
        """What lives on which cluster, as far as we know; nothing where the namespace is not ours any more."""
        grounds = [name for name in self.world.places if self.has_ground(name)]
        rows = OwnedObject.objects.filter(
            work__owner_id=self.environment.pk, cluster__name__in=grounds, gone_at=None
        ).exclude(uid="")
        pairs = rows.order_by("cluster__name", "oid").values_list("cluster__name", "oid")
        return [(name, ObjectId.parse(oid)) for name, oid in pairs]

    def marks(self, cluster: str) -> dict[str, str]:
        """Labels by which others may pass theirs off as ours."""
        works = self.works(cluster)
        return {"app.kubernetes.io/managed-by": "dougong", LABEL_WORK: str(works[0].pk)} if works else {}

    def has_ground(self, cluster: str) -> bool:
        """Whether the namespace is ours, or none is there; it is not where we gave it up for what is foreign in it."""
        live = self.world.places[cluster].admin.get(self.namespace)
        rows = OwnedObject.objects.filter(cluster=self.world.places[cluster].row, oid=str(self.namespace), gone_at=None)
        return live is None or claim_of(live) in rows.values_list("claim", flat=True)

    # What is not yet as it must be, in words

    def undeclared(self) -> list[str]:
        """I1 on each cluster; where the namespace is not ours any more, the platform must say so."""
        versions = SecretVersion.objects.filter(environment=self.environment)
        values = {secret_reference(each.pk, "PASSWORD"): self.canary for each in versions}
        found: list[str] = []
        for name, place in self.world.places.items():
            works = self.works(name)
            if not self.has_ground(name):
                said = [each["type"] for work in works for each in work.conditions]
                found += [] if "NotOwned" in said or not works else [f"{name}: nobody says whose the namespace is"]
                continue
            live = look(place, self.environment.namespace)
            found += [f"{name}: {each}" for work in works for each in undeclared(work, live, values)]
            found += [f"{name}: leaked {each}" for each in leaked(place.row.pk, live.values())]
            found += [f"{work}: {work.health} {work.conditions}" for work in works if not _settled(work)]
        return found

    def unretired(self) -> list[str]:
        """What keeps it from being Retired everywhere."""
        ours = Work.objects.filter(owner_id__in=[each.pk for each in self.environments])
        orphans = Work.objects.filter(owner_kind="cluster")
        found = [f"{work}: {work.conditions}" for work in (ours | orphans).select_related("cluster")]
        living = Application.objects.filter(name=self.name, retired_at=None)
        return found + [f"{each} is {each.state}" for each in living]


class _Accepted:
    """Counts actions as accepted unless the service refuses with a reason that a history may meet."""

    def __init__(self, record: Record, actions: tuple[str, ...]) -> None:
        self._record, self.actions = record, actions

    def __enter__(self) -> _Accepted:
        return self

    def __exit__(self, kind: Any, refusal: BaseException | None, traceback: Any) -> bool:
        if refusal is None:
            self._record.accepted.update(self.actions)
        return isinstance(refusal, Conflict) and refusal.code in REFUSALS


def _settled(work: Work) -> bool:
    return work.observed_generation == work.generation and work.health in ("Healthy", "Suspended")
