"""From a spec and clusters to Works: render in the transaction, ask admission, claim routes, submit, retire what has
left.

Between `deploy`, `rollback`, `rerender` and `clusters.work`. A refusal here leaves nothing behind: the caller's
transaction ends with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps import admission
from apps.contribution import RenderError
from apps.delivery import APPLICATION, GROUND, OWNER_KIND
from apps.external import references_in
from apps.models import Environment, Placement
from apps.problems import ProblemsError
from apps.render import RENDERER, Rendered, render
from apps.selectors.targets import targets
from apps.services.grounds import awaited, ground_of, held_policies, refuse_registries
from apps.services.routes import claim_routes
from apps.spec import AppSpec
from apps.timetable import next_turn, turned
from clusters.manifests import Manifest, ObjectId
from clusters.models import Cluster, Lane, OwnedObject, Work
from clusters.target import ClusterTarget
from clusters.work import Owner, retire_work, submit_work
from paas.core.errors import Invalid, Refusal
from paas.core.permissions import Actor


@dataclass(frozen=True)
class Prepared:
    """What an environment comes to on one cluster."""

    cluster: Cluster
    target: ClusterTarget
    ground: tuple[Manifest, ...]
    rendered: Rendered
    grants_awaited: bool = False

    @property
    def manifests(self) -> tuple[Manifest, ...]:
        """All of it."""
        return (*self.ground, *self.rendered.manifests)


def prepare(
    environment: Environment,
    spec: AppSpec,
    clusters: Collection[Cluster],
    of: Mapping[UUID, ClusterTarget] | None = None,
) -> list[Prepared]:
    """Render for each cluster, scalers with the bounds of this moment.

    `of` is what to render from; if left out the clusters are all that it is placed on. Raises Invalid with the
    renderer's code and the path of what stands in the way, Forbidden `registry_not_allowed`.
    """
    policies = held_policies(environment, clusters)
    known = targets(environment.placement, clusters) if of is None else of
    now = timezone.now()
    found = []
    for cluster in clusters:
        target = known[cluster.pk]
        try:
            rendered = render(spec, target)
            rendered = replace(rendered, manifests=turned(rendered.manifests, now))
        except RenderError as error:
            raise _unrendered(error, environment, cluster) from None
        except ProblemsError as error:
            raise invalid_app_file(error) from None
        policy = policies[cluster.pk]
        refuse_registries(cluster, rendered.manifests, policy)
        there = ground_of(environment, cluster, target, policy)
        found.append(Prepared(cluster, target, there, rendered, awaited(cluster)))
    return found


def trimmed(spec: AppSpec, prepared: Iterable[Prepared]) -> AppSpec:
    """The spec with only those secrets pinned that what was rendered refers to."""
    manifests = [found for part in prepared for found in part.manifests]
    used = {each for found in manifests for each in found.references.values()}
    used |= references_in(found.body for found in manifests)
    pinned = {name: each for name, each in spec.secrets.items() if used & set(each.keys.values())}
    return replace(spec, secrets=pinned)


def submit(
    environment: Environment, spec: AppSpec, prepared: Collection[Prepared], *, actor: Actor, lane: Lane = Lane.EDIT
) -> list[str]:
    """Make it the desired state on these clusters; notes of what was left out where.

    Raises:
        Conflict: `host_taken`, `work_retired`; whatever admission refuses with.
    """
    manifests = {each.cluster.name: each.manifests for each in prepared}
    admission.admit(admission.Delivery(actor, environment, spec, manifests))
    claim_routes(environment, [(each.cluster, each.rendered.manifests) for each in prepared])
    owner = owner_of(environment)
    for each in prepared:
        common: dict[str, Any] = {
            "owner": owner, "cluster": each.cluster, "target_digest": each.target.digest, "lane": lane,
        }  # fmt: skip
        first = submit_work(name=GROUND, manifests=each.ground, **common)
        submit_work(
            name=APPLICATION, manifests=each.rendered.manifests, release=spec.release, waits_for=[first], **common
        )
        Placement.objects.update_or_create(
            environment=environment,
            cluster=each.cluster,
            defaults={
                "target_digest": each.target.digest,
                "renderer": RENDERER,
                "notes": list(each.rendered.notes),
                "grants_awaited": each.grants_awaited,
                "next_turn_at": next_turn(each.rendered.manifests, timezone.now()),
            },
        )
    return sorted({f"{environment.name}: {note}" for each in prepared for note in each.rendered.notes})


def withdraw(environment: Environment, *, keep: Collection[Cluster] = (), data: bool = False) -> list[str]:
    """Retire the Works on every other cluster, the namespace with them; names of the clusters that are left.

    Volumes go along only with `data`: else they stay, and the namespace with them. The claims of routes go when the
    last object is gone (`observe`).
    """
    leaving = environment.placements.exclude(cluster__in=list(keep))
    names = sorted(leaving.values_list("cluster__name", flat=True))
    namespace = ObjectId("", "Namespace", "", environment.namespace)
    works = Work.objects.filter(owner_kind=OWNER_KIND, owner_id=environment.pk).exclude(cluster__in=list(keep))
    for work in works.order_by("cluster__name", "name"):
        named = [namespace] if work.name == GROUND else _volumes(work) if data else []
        retire_work(work=work, protected=named)
    leaving.delete()
    return names


def _volumes(work: Work) -> list[ObjectId]:
    """The volume claims that it owns or is about to."""
    owned = OwnedObject.objects.filter(work=work, gone_at=None).values_list("oid", flat=True)
    found = {ObjectId.parse(oid) for oid in owned} | {ObjectId.of(each["body"]) for each in work.manifests}
    return sorted(oid for oid in found if oid.kind == "PersistentVolumeClaim")


def owner_of(environment: Environment) -> Owner:
    """The environment, as the delivery loop knows it."""
    application = environment.application
    project = application.project
    name = f"{project.name}/{application.name}/{environment.name}"
    return Owner(OWNER_KIND, environment.pk, name, project.team)


def invalid_app_file(error: ProblemsError) -> Refusal:
    """Everything that is wrong with the app file, each with its path."""
    errors = [{"path": each.path, "expected": each.expected, "got": each.got} for each in error.problems]
    return Invalid("app_file_invalid", str(error), details={"errors": errors})


def _unrendered(error: RenderError, environment: Environment, cluster: Cluster) -> Refusal:
    return Invalid(
        error.code,
        f"{environment.name} cannot be rendered for {cluster.name}: {error}.",
        details={
            "environment": environment.name,
            "cluster": cluster.name,
            "errors": [{"path": error.path, "message": error.message}],
        },
    )
