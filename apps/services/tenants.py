"""What teams get on clusters: a layer of figures is changed by an operator, and the grounds that it reaches follow.

set_tenant_policy → the row, its event, a mark on every placement it reaches → renew_grounds, by beat
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.db import models, transaction

from apps.delivery import GROUND, OWNER_KIND
from apps.models import Environment, Placement, TenantPolicy
from apps.models.environment import GROUND_WAITS
from apps.selectors.targets import targets
from apps.selectors.tenants import LOGS_GRANTED, tenant_policy
from apps.services.environments import announce
from apps.services.grounds import awaited, ground_of, held_policies, hold_policies
from apps.services.observe import observed_environment
from apps.services.submit import owner_of
from apps.tenants import Figure, checked, checked_group, for_team
from clusters.manifests import Manifest
from clusters.models import Cluster, Lane, Work
from clusters.target import ClusterTarget
from clusters.work import submit_work
from paas.core import audit
from paas.core.errors import Invalid
from paas.core.permissions import OPERATE, Actor, require
from paas.core.rows import locked
from paas.identity.models import Team

log = structlog.get_logger(__name__)

# Less than the task may take; what is left is next time's.
LONGEST = 15

Said = dict[str, Figure | None]


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

    @property
    def groups(self) -> dict[str, str]:
        """The roles of groups that it names."""
        return dict(self.row.groups) if self.row else {}


def hold(team: Team | None, cluster: Cluster | None, *, actor: Actor) -> Held:
    """The layer as it is now, until the transaction ends; for those who may change it."""
    require(actor, OPERATE, team or cluster)
    hold_policies()
    return Held(tenant_policy(team, cluster))


def set_tenant_policy(
    *,
    team: Team | None,
    cluster: Cluster | None,
    figures: Mapping[str, Figure | None] | None = None,
    groups: Mapping[str, str | None] | None = None,
    actor: Actor,
    reason: str = "",
) -> Held:
    """Change figures and roles of groups of one layer; None takes one back to what the broader layer says, and what is
    not named stays.

    Raises:
        Invalid: `tenant_policy_invalid`, with everything that is wrong.
    """
    require(actor, OPERATE, team or cluster)
    given = refuse_faults(figures or {}, groups or {})
    with transaction.atomic():
        held = hold(team, cluster, actor=actor)
        before: dict[str, Mapping[str, Figure]] = {"figures": held.figures, "groups": held.groups}
        after = {part: _merged(there, given[part]) for part, there in before.items()}
        if before == after:
            return held
        row = _written(held.row, team, cluster, after)
        reached = mark(team, cluster)
        # Told of the team or the cluster, where their own page has it.
        target: models.Model = team or cluster or row
        audit.record(
            actor=actor,
            action="tenant_policy.changed",
            target=target,
            before={"of": str(row), **before},
            after={"of": str(row), **after, "grounds": reached},
            reason=reason,
        )
    return Held(row, reached)


def renew_grounds() -> int:
    """Render the grounds that are due; of how many environments. One that fails stays due."""
    due = Placement.objects.filter(GROUND_WAITS).filter(_can_go_on()).order_by("pk")
    end, done = time.monotonic() + LONGEST, 0
    for environment_id in dict.fromkeys(due.values_list("environment_id", flat=True)):
        if time.monotonic() > end:
            break
        try:
            _renew(environment_id)
        except Exception:
            # Of many, one that cannot be rendered is not to keep the others from it.
            log.exception("ground_not_renewed", environment=str(environment_id))
        done += 1
    return done


def mark(team: Team | None, cluster: Cluster | None) -> int:
    """Have the grounds that a layer reaches rendered anew; how many. The caller holds the policies."""
    return _reached(team, cluster).update(ground_due=True)


def refuse_faults(figures: Mapping[str, Figure | None], groups: Mapping[str, str | None]) -> dict[str, Said]:
    """What was said, as it is kept. Raises Invalid `tenant_policy_invalid`."""
    found: dict[str, Said] = {"figures": {}, "groups": {}}
    errors = []
    checks: Any = (("figures", figures, checked), ("groups", groups, checked_group))
    for part, given, check in checks:
        for name, value in given.items():
            try:
                found[part][name] = None if value is None else check(name, value)
            except ValueError as error:
                errors.append({"path": f"{part}.{name[:40]}", "code": "invalid", "message": str(error)})
    if errors or not any(found.values()):
        message = "; ".join(each["message"] for each in errors) or "no figure and no group is named"
        raise Invalid("tenant_policy_invalid", f"The policy cannot be so: {message}.", details={"errors": errors})
    return found


def _merged(before: Mapping[str, Figure], given: Said) -> dict[str, Figure]:
    return {name: value for name, value in {**before, **given}.items() if value is not None}


def _written(
    row: TenantPolicy | None, team: Team | None, cluster: Cluster | None, says: Mapping[str, dict[str, Figure]]
) -> TenantPolicy:
    if row is None:
        return TenantPolicy.objects.create(team=team, cluster=cluster, **says)
    row.figures, row.groups = says["figures"], says["groups"]
    row.save_version("figures", "groups")
    return row


def _reached(team: Team | None, cluster: Cluster | None) -> models.QuerySet[Placement]:
    found = Placement.objects.all()
    if team is not None:
        found = found.filter(environment__application__project__team=team)
    return found if cluster is None else found.filter(cluster=cluster)


def _can_go_on() -> models.Q:
    """What waits for grants alone waits until its cluster has them."""
    return models.Q(ground_due=True) | models.Q(cluster__facts__grants__gte=LOGS_GRANTED)


def _renew(environment_id: UUID) -> None:
    with transaction.atomic():
        environment = Environment.objects.select_related("application__project__team").get(pk=environment_id)
        locked(environment.application)
        placed = list(environment.placements.select_related("cluster"))
        clusters = [each.cluster for each in placed]
        known, policies = targets(environment.placement, clusters), held_policies(environment, clusters)
        renewed, restale = [], False
        for each in placed:
            target, policy = known.get(each.cluster_id), policies[each.cluster_id]
            if target is None or not (each.ground_due or each.grants_awaited):
                continue
            manifests = ground_of(environment, each.cluster, target, policy)
            renewed += [each.cluster.name] if _submitted(environment, each.cluster, target, manifests) else []
            each.ground_due, each.grants_awaited = False, awaited(each.cluster)
            moved = each.pool_stale
            each.pool_stale = each.node_pool != for_team(target, policy).team_pool
            each.save(update_fields=["ground_due", "grants_awaited", "pool_stale"])
            restale = restale or moved != each.pool_stale
        if renewed or restale:
            observed_environment(environment.pk)
            announce(environment.application)
        if renewed:
            told = {"clusters": sorted(renewed)}
            audit.record(actor=None, action="environment.ground_renewed", target=environment, after=told)


def _submitted(
    environment: Environment, cluster: Cluster, target: ClusterTarget, manifests: tuple[Manifest, ...]
) -> bool:
    """Make it the ground there, where there is one; whether that is something new."""
    work = Work.objects.filter(
        owner_kind=OWNER_KIND, owner_id=environment.pk, cluster=cluster, name=GROUND, intent=Work.Intent.PRESENT
    ).first()
    if work is None:
        return False
    # Nobody's edit, yet not to wait behind a sweep.
    after = submit_work(
        owner=owner_of(environment), name=GROUND, cluster=cluster, manifests=manifests, target_digest=target.digest,
        lane=Lane.DRIFT,
    )  # fmt: skip
    return after.generation > work.generation
