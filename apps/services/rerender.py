"""Rendering anew: the same release from the clusters' present facts, only when somebody asks for it."""

from __future__ import annotations

from django.db import transaction

from apps.models import Environment
from apps.selectors.specs import app_spec
from apps.services.deploy import change
from apps.services.environments import announce, held, placed_clusters
from apps.services.protection import at_once
from apps.services.submit import prepare, submit
from clusters.models import Lane
from paas.core import audit
from paas.core.permissions import Actor, require


def rerender(*, environment: Environment, actor: Actor, reason: str = "") -> list[str]:
    """Render what runs for the clusters as they are now; ends RenderStale. Returns notes of what is left out where.

    It is planned, often of many at once, so it does not stand before anybody's edit.

    Raises:
        Conflict: `not_deployed`, `environment_retiring`, `host_taken`.
        Invalid: the renderer's codes; `reason_required`, in a protected environment.
    """
    require(actor, "deploy", environment)
    with transaction.atomic():
        environment = held(environment)
        at_once(environment, actor, reason)
        spec = app_spec(environment)
        clusters = placed_clusters(environment)
        notes = submit(environment, spec, prepare(environment, spec, clusters), actor=actor, lane=Lane.SWEEP)
        change(environment, environment.current_release)
        after = {"release": spec.release, "clusters": [each.name for each in clusters]}
        audit.record(actor=actor, action="environment.rerendered", target=environment, after=after, reason=reason)
        announce(environment.application)
    return notes
