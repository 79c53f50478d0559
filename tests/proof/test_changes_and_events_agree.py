"""kill -9 of a web process anywhere in a change: the change and its event are both there, or neither is; and the loop
finds what was committed without any hint.

Each process carries out one request to the API and dies while it does (`mortal`). `ledger` decides, from the database
alone. `make test` kills a few times, `make soak` DOUGONG_SOAK_KILLS times (1,000). DOUGONG_SOAK_SEED repeats a run.
"""

import json
import os
import random
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from apps.models import StatusDue
from apps.services import observe
from clusters import due, lease
from clusters.models import Cluster, Work
from clusters.reconcile.choose import choose
from paas.core import audit
from paas.core.audit.outside import InFile
from paas.core.audit.sealer import Sealer
from paas.core.audit.verify import verify
from paas.core.models import AuditEvent
from tests.clusters.reconcile.faults.killing import Workers
from tests.control_plane import eventually
from tests.proof import ledger, mortal
from tests.proof.canary import Net
from tests.proof.conftest import Stage
from tests.proof.operations import OPERATIONS
from tests.sealing import seal_all
from tests.soak.result import SAMPLE_SEED, SEED

FEW, MANY = 20, int(os.environ.get("DOUGONG_SOAK_KILLS", "1000"))
KILLED = (-9, -14)
# Most requests are over by then, and have sent that many statements.
MILLISECONDS, STATEMENTS = 250, 50
ROLES = ("viewer", "developer", "releaser")


def changes(dice, tenant):
    """By operation, what is sent: another thing each time."""
    word = f"w{dice.getrandbits(40):x}"
    clusters = dice.choice((["east"], ["west"], ["east", "west"]))
    return {
        "applications_deploy": {
            "appFile": tenant.app_file(
                image=f"registry.example/hello@sha256:{dice.getrandbits(256):064x}",
                environments={"production": {"clusters": clusters}},
            )
        },
        "applications_rollback": {"environment": "production"},
        "config_update": {"values": {"LEVEL": word}},
        "environments_create": {
            "project": tenant.project.name, "application": tenant.application.name, "name": word,
        },
        "environments_exec_allow": {"allowed": dice.random() < 0.5},
        "environments_secrets_set": {"values": {"DATABASE_URL": word}},
        "environments_update": {"placement": {"clusters": clusters}},
        "projects_create": {"team": tenant.team.name, "name": word},
        "projects_members_set": {"role": dice.choice(ROLES)},
        "teams_members_set": {"role": dice.choice(ROLES)},
        "teams_update": {"title": word},
        "tokens_create": {"name": word},
    }  # fmt: skip


class Trial:
    """Requests of the owner of a team, each by a process that dies; what came of them is counted."""

    def __init__(self, tenant, store, dice):
        self.tenant, self.dice = tenant, dice
        self.store, self.sealer = store, Sealer(store)
        # Now, while each of these names one thing.
        self.operations = {
            each.id: (each.method, each.address(each.places(self.tenant), each.query(self.tenant)))
            for each in OPERATIONS
            if each.id in changes(dice, self.tenant)
        }
        self.counts = Counter()
        # What was there before has been delivered.
        self.settle()

    def run(self, kills):
        while self.counts["kills"] < kills:
            began = ledger.now()
            step = self.dice.choice(mortal.STEPS)
            code = self.one(step)
            assert ledger.unmatched_since(began) == ([], []), step
            told = ledger.events_since(began)
            self.found_by_the_loop()
            self.sealer.turn()
            if code in KILLED:
                self.counts.update(["kills", f"at_{step}", "kept" if told else "undone"])
            else:
                self.counts["refused" if code == mortal.REFUSED else "survived"] += 1
        assert ledger.disagreements() == []
        self.sealed()

    def order(self, name):
        """A request, with another change each time."""
        method, address = self.operations[name]
        token, body = self.tenant.tokens["owner"], changes(self.dice, self.tenant)[name]
        return {"token": token, "method": method, "address": address, "body": body}

    def one(self, step):
        """Its exit code."""
        left = self.dice.randrange(MILLISECONDS if step == "anywhere" else STATEMENTS)
        order = {**self.order(self.dice.choice(sorted(self.operations))), "step": step, "left": left}
        worker = self.workers.fork()
        self.workers.say(json.dumps(order))
        code = worker.ended()
        assert code in (0, mortal.REFUSED, *KILLED), (code, order)
        # PostgreSQL goes on with what it has heard, and notices only then.
        eventually(served, lambda left: not left)
        return code

    def found_by_the_loop(self):
        """What is to be delivered is due, and chosen by whoever looks; what is to be added up is noted."""
        waiting = set(Work.objects.filter(observed_generation__lt=F("generation")).values_list("pk", flat=True))
        assert set(due.queue().values_list("pk", flat=True)) == waiting
        chosen = set()
        for cluster in Cluster.objects.all():
            held = lease.take(cluster.pk, "a worker")
            assert held is not None
            chosen |= {each.work_id for each in choose(held, busy=(), limit=1000)}
            assert lease.release(held)
        assert chosen == waiting
        self.counts["deliveries"] += len(chosen)
        self.settle()

    def settle(self):
        """As the loop would record it, what is retired is gone; and what it notes is added up."""
        Work.objects.filter(intent=Work.Intent.RETIRED).delete()
        Work.objects.update(
            observed_generation=F("generation"), settled_generation=F("generation"),
            next_check_at=Now() + timedelta(days=1),
        )  # fmt: skip
        observe.roll_up_due()
        assert not StatusDue.objects.exists()

    def sealed(self):
        """The chain has no gap, and holds against its heads outside."""
        seal_all(self.sealer)
        verdict = verify(self.store)
        assert verdict.fault is None, verdict
        assert not verdict.more
        numbers = list(AuditEvent.objects.order_by("number").values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))
        self.counts["events"] = len(numbers)


def served():
    """How many connections of mortal processes PostgreSQL still has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [mortal.NAME])
        return cursor.fetchone()[0]


@pytest.fixture
def trial(transactional_db, tmp_path):
    with ExitStack() as stack:

        def make(seed):
            stage = Stage(Net())
            east = Cluster.objects.get()
            Cluster.objects.create(
                name="west", server="https://west.example:6443", ca_data="", facts=east.facts, identity="uid-of-west"
            )
            made = Trial(stage.a, InFile(tmp_path / "heads"), random.Random(seed))
            rehearsal = made.order("applications_deploy")
            rehearsal["address"] += "?dryRun=true"
            names = {"PGAPPNAME": mortal.NAME, "MORTAL_REHEARSAL": json.dumps(rehearsal)}
            made.workers = stack.enter_context(Workers((), program=mortal.__file__, **names))
            return made

        yield make


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [SAMPLE_SEED])
def test_a_few_kills(trial, seed):
    made = trial(seed)
    made.run(FEW)
    assert made.counts["kept"] >= 3
    assert made.counts["undone"] >= 3


@pytest.mark.soak
@pytest.mark.timeout(3 * 3600)
@pytest.mark.parametrize("seed", [SEED])
def test_many_kills(trial, soak_result, seed):
    made = trial(seed)
    try:
        made.run(MANY)
    finally:
        soak_result("changes_and_events", **made.counts)
    # Of each enough, to the end: a run in which most is refused shows little.
    assert min(made.counts[each] for each in ("kept", "undone", "deliveries")) >= MANY / 5
    assert made.counts["refused"] <= MANY / 5


def test_what_does_not_agree_is_seen(trial):
    """A change without its event, an event without its change: both ledgers find them."""
    made = trial(SAMPLE_SEED)
    assert ledger.disagreements() == []
    began = ledger.now()
    team = made.tenant.team
    team.title = "changed by hand"
    team.save()
    assert ledger.unmatched_since(began) == ([{"identity_team"}], [])
    with transaction.atomic():
        audit.record(actor=None, action="team.renamed", target=team, after={"title": "never"})
    assert ledger.unmatched_since(began) == ([{"identity_team"}], [{"team.renamed"}])
    assert sorted(each.split(":")[0] for each in ledger.disagreements()) == ["title", "title"]
