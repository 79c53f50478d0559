"""Placing what runs elsewhere, or spreading it otherwise, when a person asks for it: the same release there.

A selector that has come to match other clusters changes nothing by itself; placed anew, with the same placement even,
it is followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from apps import appfile
from apps.models import Environment, Release
from apps.problems import ProblemsError
from apps.selectors.specs import app_spec
from apps.services.deploy import change, create_release, move, next_label, same
from apps.services.environments import announce, held
from apps.services.placement import Placed, place
from apps.services.protection import at_once
from apps.services.rollback import with_config_everywhere
from apps.services.submit import prepare, submit, withdraw
from apps.spec import AppSpec
from paas.core import audit
from paas.core.errors import Invalid
from paas.core.permissions import Actor, require


@dataclass(frozen=True)
class Placing:
    """What it came to. `release` is None unless a cluster that joined has configuration of its own; `notes` are for
    people.
    """

    release: Release | None
    notes: tuple[str, ...]


def set_placement(*, environment: Environment, placement: object, actor: Actor, reason: str = "") -> Placing:
    """Run the present release on the clusters of a placement, which is as in an environment's entry of an app file.

    Raises:
        Invalid: `placement_invalid`, with everything that is wrong; `cluster_unknown`, the renderer's codes, those of
            `pins.pinned_config`; `reason_required`, in a protected environment.
        Conflict: `not_deployed`, `environment_retiring`, `host_taken`, the codes of `placement.place`.
    """
    require(actor, "deploy", environment)
    wanted = _checked(placement)
    with transaction.atomic():
        environment = held(environment)
        spec = app_spec(environment)
        placed = place(environment, wanted)
        pinned, notes = with_config_everywhere(environment, spec, list(placed.clusters))
        release = None
        if same(spec, pinned, placed.clusters):
            notes += move(environment, spec, wanted, placed, actor=actor, reason=reason)
        else:
            release, said = _release(environment, pinned, wanted, placed, actor=actor, reason=reason)
            notes += said
        announce(environment.application)
    return Placing(release, (*placed.notes, *notes, *_file_differs(environment, wanted)))


def _release(
    environment: Environment, spec: AppSpec, placement: dict[str, Any], placed: Placed, *, actor: Actor, reason: str
) -> tuple[Release, list[str]]:
    """The same with the configuration of clusters that it was not made for, which a release has to keep."""
    current = environment.current_release
    if current is None:
        raise ValueError("an environment with a spec has a release")
    at_once(environment, actor, reason)
    spec = replace(spec, release=next_label(environment))
    prepared = prepare(environment, spec, placed.clusters, placed.targets)
    left = withdraw(environment, keep=placed.clusters)
    before = {"placement": environment.placement, "release": current.number}
    release = create_release(environment, spec, current.app_file, actor=actor, reason=reason)
    notes = submit(environment, spec, prepared, actor=actor)
    change(environment, release, placement=placement)
    names = [each.name for each in placed.clusters]
    after = {"placement": placement, "release": release.number, "clusters": names, "left": left}
    audit.record(
        actor=actor, action="environment.placed", target=environment, before=before, after=after, reason=reason
    )
    return release, notes


def _checked(document: object) -> dict[str, Any]:
    try:
        return appfile.placement(document)
    except ProblemsError as error:
        found = [{"path": each.path, "expected": each.expected, "got": each.got} for each in error.problems]
        raise Invalid("placement_invalid", str(error), details={"errors": found}) from None


def _file_differs(environment: Environment, placement: Mapping[str, Any]) -> list[str]:
    entry = ((environment.application.app_file or {}).get("environments") or {}).get(environment.name)
    if entry is None or {key: entry[key] for key in appfile.PLACEMENT if key in entry} == placement:
        return []
    return [f"The app file places {environment.name} otherwise: its next deploy follows the file."]
