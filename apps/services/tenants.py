"""What teams get on clusters: a layer of figures is changed by an operator, and the grounds that it reaches follow.

set_tenant_policy → the row, its event, a mark on every placement it reaches → renew_grounds, by beat
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db import models, transaction

from apps.delivery import GROUND, OWNER_KIND
from apps.models import Environment, Placement, TenantPolicy
from apps.selectors.targets import targets
from apps.selectors.tenants import tenant_policy
from apps.services.environments import announce
from apps.services.grounds import ground_of, held_policies, hold_policies
from apps.services.observe import observed_environment
from apps.services.rows import locked
from apps.services.submit import owner_of
from apps.tenants import Figure, checked
from clusters.models import Cluster, Lane, Work
from clusters.work import submit_work
from paas.core import audit
from paas.core.errors import Invalid
from paas.core.permissions import OPERATE, Actor, require
from paas.identity.models import Team

log = structlog.get_logger(__name__)

# Less than the task may take; what is left is next time's.
LONGEST = 15


@dataclass(frozen=True)
class Held:
    """A layer; `version` is its ETag, 0 where nobody has said anything yet. `grounds` is how many follow a change."""

    row: TenantPolicy | None
    grounds: int = 0

    @property
    def version(self) -> int:
        """Rises with each edit."""
        return self.row.version if self.row else 0

    @property
    def figures(self) -> dict[str, Figure]:
        """What it says."""
        return dict(self.row.figures) if self.row else {}


def hold(team: Team | None, cluster: Cluster | None) -> Held:
    """The layer as it is now, until the transaction ends."""
    hold_policies()
    return Held(tenant_policy(team, cluster))


def set_tenant_policy(
    *,
    team: Team | None,
    cluster: Cluster | None,
    figures: Mapping[str, Figure | None],
    actor: Actor,
    reason: str = "",
) -> Held:
    """Change figures of one layer; None takes one back to what the broader layer says, and what is not named stays.

    Raises:
        Invalid: `tenant_policy_invalid`, with everything that is wrong.
    """
    require(actor, OPERATE, team or cluster)
    given = _checked(figures)
    with transaction.atomic():
        held = hold(team, cluster)
        before = held.figures
        after = {name: value for name, value in {**before, **given}.items() if value is not None}
        if before == after:
            return held
        row = _written(held.row, team, cluster, after)
        reached = _reached(team, cluster).update(ground_due=True)
        # Told of the team or the cluster, where their own page has it.
        target: models.Model = team or cluster or row
        audit.record(
            actor=actor,
            action="tenant_policy.changed",
            target=target,
            before={"of": str(row), "figures": before},
            after={"of": str(row), "figures": after, "grounds": reached},
            reason=reason,
        )
    return Held(row, reached)


def renew_grounds() -> int:
    """Render the grounds that are due; of how many environments. One that fails stays due."""
    due = Placement.objects.filter(ground_due=True).order_by("pk").values_list("environment_id", flat=True)
    end, done = time.monotonic() + LONGEST, 0
    for environment_id in dict.fromkeys(due):
        if time.monotonic() > end:
            break
        try:
            _renew(environment_id)
        except Exception:
            # Of many, one that cannot be rendered is not to keep the others from it.
            log.exception("ground_not_renewed", environment=str(environment_id))
        done += 1
    return done


def _checked(figures: Mapping[str, Figure | None]) -> dict[str, Figure | None]:
    found: dict[str, Figure | None] = {}
    errors = []
    for name, value in figures.items():
        try:
            found[name] = None if value is None else checked(name, value)
        except ValueError as error:
            errors.append({"path": name[:40], "code": "invalid", "message": str(error)})
    if errors or not found:
        message = "; ".join(each["message"] for each in errors) or "no figure is named"
        raise Invalid("tenant_policy_invalid", f"The policy cannot be so: {message}.", details={"errors": errors})
    return found


def _written(
    row: TenantPolicy | None, team: Team | None, cluster: Cluster | None, figures: dict[str, Figure]
) -> TenantPolicy:
    if row is None:
        return TenantPolicy.objects.create(team=team, cluster=cluster, figures=figures)
    row.figures = figures
    row.save_version("figures")
    return row


def _reached(team: Team | None, cluster: Cluster | None) -> models.QuerySet[Placement]:
    found = Placement.objects.all()
    if team is not None:
        found = found.filter(environment__application__project__team=team)
    return found if cluster is None else found.filter(cluster=cluster)


def _renew(environment_id: UUID) -> None:
    with transaction.atomic():
        environment = Environment.objects.select_related("application__project__team").get(pk=environment_id)
        locked(environment.application)
        placed = list(environment.placements.select_related("cluster"))
        clusters = [each.cluster for each in placed]
        known, policies = targets(environment.placement, clusters), held_policies(environment, clusters)
        due = [each for each in placed if each.ground_due and each.cluster_id in known]
        renewed = []
        for each in due:
            manifests = ground_of(environment, known[each.cluster_id], policies[each.cluster_id])
            work = Work.objects.filter(
                owner_kind=OWNER_KIND, owner_id=environment.pk, cluster=each.cluster, name=GROUND,
                intent=Work.Intent.PRESENT,
            ).first()  # fmt: skip
            if work is None:
                continue
            # Nobody's edit, yet not to wait behind a sweep.
            after = submit_work(
                owner=owner_of(environment), name=GROUND, cluster=each.cluster, manifests=manifests,
                target_digest=known[each.cluster_id].digest, lane=Lane.DRIFT,
            )  # fmt: skip
            renewed += [each.cluster.name] if after.generation > work.generation else []
        Placement.objects.filter(pk__in=[each.pk for each in due]).update(ground_due=False)
        if renewed:
            observed_environment(environment.pk)
            told = {"clusters": sorted(renewed)}
            audit.record(actor=None, action="environment.ground_renewed", target=environment, after=told)
            announce(environment.application)
