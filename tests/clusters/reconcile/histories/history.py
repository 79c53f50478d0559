"""A history as a state machine whose rules hypothesis picks: what people, the loop or misfortune do to an application.

Where there is nothing to do it to, a rule does nothing. The choices never depend on the world, so that a seed repeats
them.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from clusters.faults import ApiRefused
from clusters.manifests import LABEL_WORK, ObjectId
from clusters.models import Work
from paas.core.models import AuditEvent
from tests.clusters.reconcile.histories.strangers import Strangers, visitor
from tests.clusters.reconcile.histories.subject import Subject
from tests.clusters.reconcile.histories.truths import Order, left_behind, look, told
from tests.clusters.reconcile.histories.world import Death, World

SETTLE_SECONDS = 90
CLUSTERS = st.sampled_from(("east", "west"))
PLACES = st.sampled_from((("east", "west"), ("east",), ("west",)))
WHICH = st.integers(0, 11)
NOW = st.booleans()
VISITORS = ("one of ours", "one of ours", "one of ours", "ConfigMap", "Service", "ServiceAccount")
DEATHS = ("unseen", "done", "late")

MERGE = "application/merge-patch+json"
# What somebody changes that is ours; the rest of what an application is made of cannot be changed.
CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "Deployment": (MERGE, {"spec": {"paused": True, "revisionHistoryLimit": 7}}),
    "Service": (MERGE, {"spec": {"selector": {"app": "hijacked"}}}),
    "HTTPRoute": (MERGE, {"spec": {"hostnames": ["hijacked.example"]}}),
    "ServiceAccount": (MERGE, {"automountServiceAccountToken": True}),
    "RoleBinding": (MERGE, {"subjects": []}),
    "ResourceQuota": (MERGE, {"spec": {"hard": {"pods": "999"}}}),
    "LimitRange": (MERGE, {"spec": {"limits": []}}),
    "NetworkPolicy": (MERGE, {"spec": {"ingress": [{}]}}),
    "Namespace": (MERGE, {"metadata": {"labels": {"dougong.dev/environment": None}}}),
}
ADDED = (MERGE, {"metadata": {"labels": {"added-by": "hand"}}})
STRIPPED = (MERGE, {"metadata": {"labels": {"app.kubernetes.io/managed-by": None, LABEL_WORK: None}}})


@dataclass
class Stage:
    """What all histories of a test share. `printed` gives what was printed and logged so far.

    `retiring`: histories that came to their end; a namespace takes five seconds to go, which nobody waits for alone.
    """

    world: World
    project: Any
    actor: Any
    printed: Callable[[], str]
    tally: Counter[str] = field(default_factory=Counter)
    told: list[History] = field(default_factory=list)
    retiring: list[History] = field(default_factory=list)

    def finish(self) -> None:
        """The last of each goes; nothing of ours is left, nothing foreign touched, all recorded, no secret told."""
        for step in range(2):
            settle(self.world, lambda: [each for history in self.retiring for each in history.it.unretired()])
            if not step and not self.late_writes_arrive():
                break
        for history in self.retiring:
            history.strangers.check()
            history.nothing_of_ours_is_left()
            history.it.record.check(history.it.environments)
        assert told([history.it.canary for history in self.told], self.printed()) == []
        self.tally["histories"] += len(self.retiring)

    def late_writes_arrive(self) -> int:
        """How many of them; the API servers accept some and refuse what a later worker has overtaken."""
        answers = self.world.late_writes_arrive()
        self.tally["late_writes"] += len(answers)
        self.tally["late_writes_accepted"] += sum(answers)
        return len(answers)

    def tidy(self) -> None:
        """Leave nothing behind on the clusters, whatever happened."""
        for place in self.world.places.values():
            for history in self.told:
                for each in history.it.environments:
                    place.admin.delete(ObjectId("", "Namespace", "", each.namespace))


def settle(world: World, left: Callable[[], list[str]]) -> None:
    """All heals, and the loop goes on, as time does, till nothing is left; an assertion with what is."""
    deadline = time.monotonic() + SETTLE_SECONDS
    for name in world.places:
        world.heal(name)
    world.expire()
    world.watch()
    while True:
        world.all_due()
        world.drain()
        if not (found := left()):
            return
        assert time.monotonic() < deadline, f"not settled: {found}"
        time.sleep(0.05)


def kept(removals: QuerySet[AuditEvent]) -> set[str]:
    """What these events name as the reasons why a namespace stays."""
    return {each["id"] for after in removals.values_list("after", flat=True) for each in after.get("NamespaceKept", [])}


class History(RuleBasedStateMachine):
    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage, self.world = stage, stage.world
        self.it = Subject(stage.world, stage.project, stage.actor)
        self.strangers, self.order = Strangers(self.world), Order()
        self.story: list[str] = []
        self.anew = False
        stage.told.append(self)

    # What people declare

    @initialize(greeting=WHICH, where=PLACES)
    def begin(self, greeting: int, where: tuple[str, ...]) -> None:
        self.it.deploy(greeting, where)
        self._tell("begin", greeting, where)

    @rule(
        greeting=st.integers(0, 2), where=PLACES, route=st.booleans(), worker=st.booleans(), secret=st.booleans(),
        now=NOW,
    )  # fmt: skip
    def deploy(self, greeting: int, where: tuple[str, ...], route: bool, worker: bool, secret: bool, now: bool) -> None:
        if secret:
            self.it.store_secret()
        self.it.deploy(greeting, where, route=route, worker=worker)
        self._tell("deploy", greeting, where, route, worker, secret, now=now)

    @rule(which=WHICH, now=NOW)
    def roll_back(self, which: int, now: bool) -> None:
        self.it.roll_back(which)
        self._tell("roll back", which, now=now)

    @rule(greeting=WHICH, now=NOW)
    def retire_or_deploy_anew(self, greeting: int, now: bool) -> None:
        if self.it.living():
            self.it.retire()
        elif not self.anew:
            self.anew = True  # once: its namespaces take their time
            settle(self.world, self.it.unretired)
            self.it.deploy(greeting, ("east", "west"))
        self._tell("retire or deploy anew", greeting, now=now)

    # What the platform does

    @rule(why=st.sampled_from(("due", "sweep", "watch", "expiry", "late writes")))
    def a_worker_drains(self, why: str) -> None:
        if why == "sweep":
            self.world.all_due()
        elif why == "watch":
            self.world.watch()
        elif why == "expiry":
            self.world.expire()
        elif why in ("due", "late writes"):
            self.stage.late_writes_arrive()
        self._tell("drain", why)

    @rule(greeting=WHICH, where=PLACES, at=st.integers(0, 5), writes=st.booleans(), how=st.sampled_from(DEATHS))
    def a_worker_dies(self, greeting: int, where: tuple[str, ...], at: int, writes: bool, how: str) -> None:
        """Of a change, at any of its requests; what it had sent last may arrive with any later step."""
        self.it.deploy(greeting, where, worker=greeting % 2 == 1)
        self.world.expire()
        self.world.all_due()
        died = self.world.drain(Death(at if writes else 4 * at, writes, how))
        self.stage.tally["kills"] += died
        self._tell("die", greeting, where, at, writes, how, now=False)

    # What befalls it

    @rule(which=st.integers(0, 23), what=st.sampled_from(("change", "delete", "add", "strip")), now=NOW)
    def by_hand(self, which: int, what: str, now: bool) -> None:
        live = [each for each in self.it.delivered() if each not in self.strangers.there]
        if live:
            self._by_hand(*live[which % len(live)], what)
        self._tell("by hand", which, what, now=now)

    @rule(cluster=CLUSTERS, kind=st.sampled_from(VISITORS), which=WHICH, forged=st.booleans(), now=NOW)
    def a_stranger_comes(self, cluster: str, kind: str, which: int, forged: bool, now: bool) -> None:
        """With an object of a name of its own, or in the place of one of ours."""
        labels = self.it.marks(cluster) if forged else {}
        wanted = [each for each in self.it.desired(cluster) if each.id.namespace]
        if kind != "one of ours":
            name = f"theirs-{len(self.strangers.there)}"
            self.strangers.make(cluster, visitor(kind, self.it.environment.namespace, name, labels))
        elif wanted:
            self.strangers.replace(cluster, wanted[which % len(wanted)], labels)
        self.stage.tally["foreign_objects"] += 1
        self._tell("stranger", cluster, kind, which, forged, now=now)

    @rule(cluster=CLUSTERS, seen=st.booleans())
    def cut_or_heal(self, cluster: str, seen: bool) -> None:
        if self.world.places[cluster].cut:
            self.world.heal(cluster)
        else:
            self.stage.tally["cuts"] += 1
            self.world.cut(cluster)
            if seen:
                self.world.probe(cluster)
        self._tell("cut or heal", cluster, seen)

    # What must be true

    @invariant()
    def nothing_foreign_is_touched_and_nothing_goes_back(self) -> None:
        if self.world.changed:
            self.strangers.check()
            for name, place in self.world.places.items():
                self.order.check(name, look(place, self.it.environment.namespace))
            self.world.changed = False

    def teardown(self) -> None:
        if sys.exc_info()[0] is None:
            self._end()
        else:
            Work.objects.filter(owner_id__in=[each.pk for each in self.it.environments]).delete()
            self.world.forget()

    def _end(self) -> None:
        """Everything heals; what was declared last is what lives; then it is retired."""
        if self.it.living():
            self.strangers.make_way()
            settle(self.world, self.it.undeclared)
            if self.stage.late_writes_arrive():
                self.nothing_foreign_is_touched_and_nothing_goes_back()
                settle(self.world, self.it.undeclared)
            self.it.retire()
        self.stage.retiring.append(self)

    def nothing_of_ours_is_left(self) -> None:
        """By label and claim; a namespace stays only where the audit trail says why, and names each stranger that was
        in it by then. Of one that a late write made again the event of the cluster's orphans tells.
        """
        owners = {str(each.pk) for each in self.it.environments}
        removed = AuditEvent.objects.filter(action="work.removed")
        for name, place in self.world.places.items():
            theirs = self.strangers.on(name)
            names = [each.namespace for each in self.it.environments]
            there = [each for each in names if place.admin.get(ObjectId("", "Namespace", "", each)) is not None]
            assert left_behind(place, there, owners, set(theirs.values())) == []
            said = removed.filter(object_name__endswith=f"@{name}")
            assert self.strangers.to_be_told(name) <= kept(said.filter(object_name__contains=f"/{self.it.name}/"))
            assert [each for each in there if not any(each in told for told in kept(said))] == []

    # Under the hood

    def _tell(self, *words: Any, now: bool = True) -> None:
        """Note the step and, with `now`, let a worker at it."""
        self.story.append(" ".join(map(str, [*words, *([] if now else ["later"])])))
        self.stage.tally["steps"] += 1
        if now:
            self.world.drain()

    def _by_hand(self, cluster: str, oid: ObjectId, what: str) -> None:
        admin = self.world.places[cluster].admin
        self.stage.tally["hand_edits"] += 1
        if what == "delete":
            admin.delete(oid)
            if oid.kind == "Namespace":
                self.strangers.go_with(cluster, oid.name)
            return
        content_type, patch = {"add": ADDED, "strip": STRIPPED}.get(what) or CHANGES.get(oid.kind, ADDED)
        try:
            admin.merge(oid, patch, content_type)
        except ApiRefused as refusal:
            if refusal.status != 404:  # it is gone by now
                raise
