"""How an environment is, added up from its Works: one health, and conditions in the shape of Kubernetes.

Called by `services.observe` for the stored status and by `selectors.status` for the live one, so that both say the
same. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clusters.health import Health, Verdict, worst
from paas.core.conditions import Condition, Status, get_condition, set_condition


@dataclass(frozen=True)
class Sight:
    """One Work as the loop last saw it; `present` is False while it is being removed."""

    name: str
    cluster: str
    present: bool
    generation: int
    observed_generation: int
    health: str
    conditions: Sequence[dict[str, Any]] = ()

    @property
    def verdict(self) -> Verdict:
        """Its health; Progressing while its present generation has not been attempted."""
        where = f"{self.name} on {self.cluster}"
        if self.observed_generation < self.generation:
            return Verdict(Health.PROGRESSING, "BeingDelivered", f"{where} is about to be delivered.")
        ready = get_condition(self.conditions, "Ready") or {}
        health = Health(self.health) if self.health in set(Health) else Health.UNKNOWN
        reason = str(ready.get("reason") or health)
        message = str(ready.get("message") or "")
        said = f"{where}: {message}" if message else f"{where} is {health.lower()}."
        return Verdict(health, reason, said, awaited=ready.get("status") != "True")


@dataclass(frozen=True)
class Facts:
    """What there is to say about an environment. `stale` names clusters whose rendering is out of date,
    `placed_otherwise` those that its selector matches though it is not there, and those that it no longer matches.
    """

    released: bool
    retiring: bool
    generation: int
    works: Sequence[Sight]
    stale: Sequence[str] = ()
    placed_otherwise: tuple[Sequence[str], Sequence[str]] = ((), ())


@dataclass(frozen=True)
class Rollup:
    """`observed`: all that is desired has been attempted at least once."""

    health: Health
    conditions: tuple[Condition, ...]
    observed: bool


def roll_up(facts: Facts) -> Rollup:
    """The health of the whole and what to say of it. Ready is always stated, the others only where they hold."""
    present = [each for each in facts.works if each.present]
    verdict = _verdict(facts, present)
    stated = [_ready(verdict, facts.generation)]
    leaving = sorted({each.cluster for each in facts.works if not each.present})
    if facts.retiring:
        message = f"Being removed from {', '.join(leaving)}." if leaving else "Being removed."
        stated.append(Condition("Retiring", "True", "Removing", message, facts.generation))
    elif leaving:
        message = f"No longer placed on {', '.join(leaving)}, where its objects are being removed."
        stated.append(Condition("Removing", "True", "NoLongerPlaced", message, facts.generation))
    if facts.stale:
        message = (
            f"{', '.join(facts.stale)} has changed, or the renderer has: rendering anew would change objects there."
        )
        stated.append(Condition("RenderStale", "True", "TargetChanged", message, facts.generation))
    if failing := _runs_that_failed(present, facts.generation):
        stated.append(failing)
    if any(facts.placed_otherwise):
        stated.append(_placed_otherwise(*facts.placed_otherwise, facts.generation))
    observed = all(each.observed_generation >= each.generation for each in present)
    return Rollup(verdict.health, tuple(stated), observed)


def conditions(before: Iterable[dict[str, Any]], stated: Iterable[Condition], *, now: datetime) -> list[dict[str, Any]]:
    """What is stated, each since when; what is no longer stated is gone."""
    told = {each.type: each for each in stated}
    found = [each for each in before if each.get("type") in told]
    for each in told.values():
        found = set_condition(found, each, now=now)
    return found


def _verdict(facts: Facts, present: list[Sight]) -> Verdict:
    if facts.retiring:
        return Verdict(Health.PROGRESSING, "Retiring", "It is being removed.")
    if not facts.released:
        return Verdict(Health.UNKNOWN, "NotDeployed", "Nothing has been deployed here yet.")
    if not present:
        return Verdict(Health.MISSING, "NotPlaced", "It is on no cluster.")
    found = worst(each.verdict for each in present)
    if found.health != Health.HEALTHY:
        return found
    return Verdict(Health.HEALTHY, "Healthy", "All is delivered and healthy.")


def _runs_that_failed(present: Iterable[Sight], generation: int) -> Condition | None:
    """Of schedules, on whichever cluster: the release is out all the same, so Ready does not tell it."""
    told = [
        f"On {each.cluster}: {said['message']}"
        for each in present
        if (said := get_condition(each.conditions, "LastRunFailed"))
    ]
    return Condition("LastRunFailed", "True", "LastRunFailed", " ".join(told)[:2000], generation) if told else None


def _placed_otherwise(joining: Sequence[str], leaving: Sequence[str], generation: int) -> Condition:
    told = []
    if joining:
        told.append(f"{', '.join(joining)} would be added")
    if leaving:
        told.append(f"{', '.join(leaving)} would be left")
    message = f"Its selector matches other clusters than it is on: placed anew, {' and '.join(told)}."
    return Condition("PlacementStale", "True", "SelectorMatchesOthers", message, generation)


def _ready(verdict: Verdict, generation: int) -> Condition:
    status: Status = "Unknown" if verdict.reason == "NotDeployed" else "False"
    if verdict.settled:
        status = "True"
    return Condition("Ready", status, verdict.reason, verdict.message[:2000], generation)
