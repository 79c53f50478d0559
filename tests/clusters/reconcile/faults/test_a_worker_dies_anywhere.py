"""kill -9 of a worker at a random step of a random change: another goes on and ends where a run without a fault ends.

Two Works say the same in namespaces of their own. The workers of the one are killed, the twin is delivered by workers
that are not; when both have settled they must look alike. Only `submit_work` and `retire_work` are used here: releases
and the audit trail are not looked at.

`make test` kills a few times, `make soak` DOUGONG_SOAK_KILLS times (1,000). DOUGONG_SOAK_SEED repeats a run.
"""

import asyncio
import os
import random
import uuid
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import orjson
import pytest
from django.db import transaction
from django.db.models.functions import Now

from clusters.breaker import CLOSED
from clusters.client import APPLY, ClusterClient, Endpoint
from clusters.faults import ApiRefused
from clusters.fields import owned_fields
from clusters.manifests import FIELD_MANAGER, LABEL_OWNER, LABEL_WORK, Manifest, ObjectId, claim_of, manifest
from clusters.models import Cluster, Lease, OwnedObject, Work
from clusters.probe import probe_clusters
from clusters.watch.notice import Notices
from clusters.watch.stream import Change
from clusters.work import Owner, retire_work, submit_work
from tests.clusters.administrator import NETWORKS
from tests.clusters.reconcile.faults.killing import ENDS, STEPS, Death
from tests.soak.result import SAMPLE_SEED, SEED

FEW, MANY, AT_ONCE = 25, int(os.environ.get("DOUGONG_SOAK_KILLS", "1000")), 50
KINDS = ("ConfigMap", "Service", "Deployment")
NAMES = ("a", "b", "c", "d", "service", "deployment")
FOREIGN = "theirs"
# Most changes need that many requests, and that many writes.
REQUESTS, WRITES = 12, 4


@pytest.fixture(scope="module")
def bodies(registry_host):
    """bodies(place, name, version) → the manifest of one object."""

    def make(place, name, version):
        metadata = {"name": name, "namespace": place}
        if name == "service":
            spec = {"selector": {"app": "none"}, "ports": [{"name": "http", "port": 8000 + version}]}
            return manifest({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
        if name == "deployment":
            container = {"name": "main", "image": registry_host, "env": [{"name": "VERSION", "value": str(version)}]}
            labels = {"app.kubernetes.io/name": name}
            template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
            spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
            return manifest({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})
        return manifest({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"v": str(version)}})

    return make


@pytest.fixture
def places(namespace, ground, submit, until, healthy, admin):
    """Two namespaces that are ours, with an object of somebody else in each: of the mortal, of its twin."""
    twin = f"{namespace}-twin"
    moved = [Manifest.from_json(orjson.loads(orjson.dumps(each.to_json()).replace(namespace.encode(), twin.encode())))
             for each in ground]  # fmt: skip
    works = [submit("ground", ground), submit("twin", moved)]
    until(lambda: healthy(*works))
    for place in (namespace, twin):
        # It says that it is ours, and carries no claim.
        metadata = {"name": FOREIGN, "namespace": place, "labels": {LABEL_WORK: str(works[0].pk)}}
        admin.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    yield namespace, twin
    admin.delete(ObjectId("", "Namespace", "", twin))


class History:
    """What is wanted of both: the version of each object by its name, or None once retired."""

    def __init__(self, dice, places, bodies, cluster):
        self.dice, self.places, self.bodies, self.cluster = dice, places, bodies, cluster
        self.owner = Owner("test", uuid.uuid4(), "history")
        self.wanted = {"a": 0, "service": 0}

    def change(self):
        """Some objects come, some go, some say something else; or all is retired."""
        if self.wanted and self.dice.random() < 0.1:
            self.wanted = None
            return
        wanted = dict(self.wanted or {})
        for name in self.dice.sample(NAMES, self.dice.randint(1, 3)):
            if name in wanted and self.dice.random() < 0.4:
                del wanted[name]
            else:
                wanted[name] = wanted.get(name, 0) + 1
        self.wanted = wanted

    def submit(self, place):
        """Make what is wanted the desired state of a place."""
        with transaction.atomic():
            if self.wanted is None:
                for work in self.works().filter(name=place):
                    retire_work(work=work)
            else:
                manifests = [self.bodies(place, name, version) for name, version in self.wanted.items()]
                submit_work(owner=self.owner, name=place, cluster=self.cluster, manifests=manifests)

    def works(self):
        return Work.objects.filter(owner_kind=self.owner.kind, owner_id=self.owner.id)

    def unsettled(self):
        """What is left to do, in words."""
        works = list(self.works().select_related("cluster"))
        rows = Counter(OwnedObject.objects.filter(work__in=works, gone_at=None).values_list("work", flat=True))
        found = [f"{each}: {rows[each.pk]} objects, {each.health} {each.conditions}" for each in works
                 if (each.health, each.observed_generation) != ("Healthy", each.generation)
                 or rows[each.pk] != len(self.wanted or ())]  # fmt: skip
        orphans = [f"{each}: an orphan" for each in Work.objects.filter(owner_kind="cluster").select_related("cluster")]
        there, wanted = len(works), 0 if self.wanted is None else len(self.places)
        return found + orphans + ([f"{there} Works are there, {wanted} wanted"] if there != wanted else [])


@pytest.fixture
def trial(places, bodies, cluster, proxied, admin, until, writer):
    """trial(history, workers) → how a worker died on one random change, "" where it was done before."""
    proxy, (mortal, twin) = proxied[0], places

    def die(workers, dice):
        worker, end = workers.fork(), dice.choice((*ENDS, *ENDS, "step"))
        if end == "step":
            end = dice.choice(STEPS)
            worker.go(end)
        else:
            proxy.script = Death(worker, end, dice.randrange(WRITES if end == "late" else REQUESTS))
            worker.go()
        code, death, proxy.script = worker.ended(), proxy.script, lambda _: None
        assert code in {0, -9}
        Lease.objects.filter(cluster=cluster, until__isnull=False).update(until=Now() - timedelta(seconds=1))
        return (end if code else ""), getattr(death, "late", None)

    def settle(history):
        def settled():
            if Cluster.objects.exclude(CLOSED).exists():
                # The probe alone closes a breaker; what a slow machine fails to answer in time opens it.
                Cluster.objects.update(breaker_until=Now())
                probe_clusters([cluster.pk])
            return not history.unsettled()

        try:
            until(settled)
        except TimeoutError:
            raise AssertionError(f"not settled: {history.unsettled()}") from None

    def run(history, workers):
        history.change()
        history.submit(mortal)
        end, late = die(workers, history.dice)
        if history.wanted is not None and history.dice.random() < 0.3:
            history.change()
            history.submit(mortal)
        history.submit(twin)
        settle(history)
        if late:
            before = looks(admin, mortal)
            writer(late)
            after = looks(admin, mortal)
            assert {key: after.get(key) for key in before} == before
            notices = Notices()
            notices.add([Change(cluster.pk, each) for each in objects(admin, mortal)])
            notices.judge()
            settle(history)
        assert looks(admin, mortal) == looks(admin, twin)
        assert {name for _, name in looks(admin, mortal)} == set(history.wanted or ())
        assert not leaked(admin, mortal)
        return end

    return run


@pytest.fixture
def writer(granted):
    """writer(request) sends again what a dead worker would have sent."""
    server, ca, token = granted["east"]
    client = ClusterClient(Endpoint(server, ca, token, allowed=NETWORKS))

    async def send(request):
        kind = APPLY if request.method == "PATCH" else "application/json"
        body = orjson.loads(request.body)
        # It may be refused: by the fence for its epoch, or because the object it means is another now, or gone.
        with suppress(ApiRefused):
            await client.request(request.method, request.path, body=body, content_type=kind)

    with asyncio.Runner() as runner:
        yield lambda request: runner.run(send(request))
        runner.run(client.close())


def objects(admin, place):
    """What of ours lives in a namespace."""
    found = [each for kind in KINDS for each in admin.list(kind, place, LABEL_WORK)]
    return [each for each in found if each["metadata"]["name"] != FOREIGN]


def looks(admin, place):
    """The same by kind and name: its content as we own it, whoever's it is and wherever."""
    found = {}
    for live in objects(admin, place):
        owned = owned_fields(live, FIELD_MANAGER)
        for label in (LABEL_OWNER, LABEL_WORK):
            del owned["metadata"]["labels"][label]
        found[live["kind"], live["metadata"]["name"]] = owned
    return found


def leaked(admin, place):
    """Objects of ours that no row in force knows by uid and claim."""
    rows = set(OwnedObject.objects.filter(namespace=place, gone_at=None).values_list("uid", "claim"))
    return [each for each in objects(admin, place) if (each["metadata"]["uid"], claim_of(each)) not in rows]


@pytest.fixture
def kill(trial, places, bodies, cluster, admin, workers, soak_result):
    """kill(25, "seed"): random changes under random kills till there were as many, and what must hold afterwards."""

    def run(kills, seed):
        history, deaths = History(random.Random(seed), places, bodies, cluster), Counter()
        theirs = [admin.get(ObjectId("", "ConfigMap", place, FOREIGN)) for place in places]
        while deaths.total() - deaths[""] < kills:
            end = trial(history, workers)
            deaths[end] += 1
            soak_result("kills", changes=1, **({end: 1, "kills": 1} if end else {}))
        assert [admin.get(ObjectId("", "ConfigMap", place, FOREIGN)) for place in places] == theirs

    return run


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [SAMPLE_SEED])
def test_a_killed_worker_changes_nothing_of_the_end(kill, seed):
    kill(FEW, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [pytest.param(f"{SEED}-{n}", id=f"{SEED}-{n}") for n in range(MANY // AT_ONCE)])
def test_many_killed_workers_change_nothing_of_the_end(kill, seed):
    kill(AT_ONCE, seed)
