"""Due, lanes and back-off: an edit overtakes, a failure waits, and nothing that comes during an attempt is lost."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from clusters import lease
from clusters.due import due, queue
from clusters.health import Health, Verdict
from clusters.models import Cluster, Lane, Work
from clusters.reconcile.drain import due_clusters
from clusters.reconcile.record import record

HEALTHY = Verdict(Health.HEALTHY, "Current")
RISING = Verdict(Health.PROGRESSING, "LessReplicas")


def of(work):
    return Work.objects.filter(pk=work.pk)


def seconds_ahead(work):
    return of(work).annotate(wait=F("next_check_at") - Now()).get().wait.total_seconds()


@pytest.fixture
def work(submit, config):
    return submit("application", [config("a", key="1")])


@pytest.fixture
def recorded(held, attempted):
    """recorded(work, verdict, failed=…) attempts it with this outcome."""

    def run(work, verdict=HEALTHY, **given):
        outcome = attempted(work)
        outcome.verdicts = dict.fromkeys((each.id for each in outcome.assignment.manifests), verdict)
        if given.pop("failed", False):
            outcome.fail("ApplyFailed", "Invalid", "no")
        for name, value in given.items():
            setattr(outcome, name, value)
        record(held, [outcome])
        return of(work).get()

    return run


def test_an_edit_overtakes_a_backlog(submit, config, chosen, cluster, owner):
    given = {"cluster": cluster, "owner_kind": "test", "owner_id": owner.id, "owner_name": "backlog", "digest": ""}
    Work.objects.bulk_create(
        Work(name=f"w{number}", lane=Lane.SWEEP, next_check_at="2000-01-01T00:00:00Z", **given)
        for number in range(2000)
    )
    assert len(chosen(12)) == 12
    edited = submit("application", [config("a")])
    assert chosen(1) == [str(edited)]


def test_lanes_come_before_age(submit, chosen):
    works = {lane: submit(lane.label) for lane in Lane}
    for lane, each in works.items():
        of(each).update(lane=lane, next_check_at=Now() - timedelta(hours=int(lane)))
    assert chosen() == [str(works[lane]) for lane in (Lane.EDIT, Lane.DRIFT, Lane.SWEEP)]


def test_what_is_under_way_is_not_chosen_again(submit, chosen):
    one, two = submit("one"), submit("two")
    assert chosen(busy=[one.pk]) == [str(two)]


def test_a_lane_only_rises(work):
    of(work).update(lane=Lane.SWEEP)
    due(of(work), Lane.DRIFT)
    assert of(work).get().lane == Lane.DRIFT
    due(of(work), Lane.SWEEP)
    assert of(work).get().lane == Lane.DRIFT


def test_it_stays_an_edit_until_the_generation_is_healthy(work, recorded):
    assert recorded(work, RISING).lane == Lane.EDIT
    of(work).update(next_check_at=Now())
    assert recorded(work).lane == Lane.SWEEP


def test_what_is_due_keeps_its_place_however_often_it_is_called(work):
    of(work).update(next_check_at="2000-01-01T00:00:00Z")
    due(of(work), Lane.DRIFT)
    assert of(work).get().next_check_at.year == 2000


def test_a_failure_backs_off_longer_each_time_up_to_five_minutes(work, recorded):
    waits = []
    for _ in range(12):
        recorded(work, failed=True)
        waits.append(seconds_ahead(work))
        of(work).update(next_check_at=Now(), not_before=None)
    assert all(
        wait <= most for wait, most in zip(waits, (2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300), strict=True)
    )
    assert waits[5] > 20
    assert min(waits[8:]) > 130
    assert recorded(work).attempts == 0


def test_an_event_does_not_hurry_what_backs_off(work, recorded):
    recorded(work, failed=True)
    before = of(work).get().next_check_at
    assert due(of(work), Lane.DRIFT) == 0
    assert of(work).get().next_check_at == before


def test_an_edit_does(work, recorded, submit, config, chosen):
    recorded(work, failed=True)
    assert chosen() == []
    submit("application", [config("a", key="2")])
    assert chosen() == [str(work)]


def test_a_server_that_asks_to_come_back_later_is_not_asked_before(work, recorded):
    recorded(work, failed=True, retry_after=120.0)
    assert 100 < seconds_ahead(work) <= 120


def test_an_event_during_an_attempt_is_not_lost(work, held, attempted, chosen):
    outcome = attempted(work)
    due(of(work), Lane.DRIFT)
    outcome.verdicts = {outcome.assignment.manifests[0].id: HEALTHY}
    record(held, [outcome])
    assert of(work).get().lane == Lane.DRIFT
    assert chosen() == [str(work)]


def test_but_it_does_not_hurry_an_attempt_that_failed(work, held, attempted, chosen):
    outcome = attempted(work)
    due(of(work), Lane.DRIFT)
    outcome.fail("ApplyFailed", "Invalid", "no")
    record(held, [outcome])
    assert chosen() == []
    assert of(work).get().attempts == 1


def test_an_edit_during_an_attempt_is_not_lost(work, held, attempted, submit, config, chosen):
    outcome = attempted(work)
    submit("application", [config("a", key="2")])
    outcome.fail("ApplyFailed", "Invalid", "no")
    record(held, [outcome])
    found = of(work).get()
    assert (found.attempts, found.not_before, found.lane) == (0, None, Lane.EDIT)
    assert (found.observed_generation, found.generation) == (1, 2)
    assert chosen() == [str(work)]


def test_an_interrupted_attempt_leaves_the_schedule_as_it_was(work, held, attempted):
    before = of(work).values().get()
    outcome = attempted(work)
    outcome.interrupted = True
    record(held, [outcome])
    assert of(work).values().get() == before


def test_who_waits_is_due_when_what_it_waits_for_is_healthy(submit, recorded, config):
    base = submit("ground", [config("ground")])
    work = submit("application", [config("a")], waits_for=[base])
    of(work).update(next_check_at="2100-01-01T00:00:00Z", lane=Lane.SWEEP)
    recorded(base)
    found = of(work).get()
    assert found.next_check_at.year < 2100
    assert found.lane == Lane.EDIT


def test_waiting_costs_no_attempts(submit, recorded, held, attempted, config):
    base = submit("ground", [config("ground")])
    work = submit("application", [config("a")], waits_for=[base])
    outcome = attempted(work)
    assert outcome.assignment.waiting_for == (str(base),)
    outcome.waiting = True
    outcome.add("Waiting", "WaitingForWork", "Waits.")
    record(held, [outcome])
    assert (of(work).get().attempts, of(work).get().observed_generation) == (0, 1)


def test_conditions_of_many_objects_are_one_in_a_steady_order(work, held, attempted, submit):
    said = []
    for order in (("b", "a"), ("a", "b")):
        of(work).update(next_check_at=Now(), not_before=None)
        outcome = attempted(work)
        for name in order:
            outcome.fail("ApplyFailed", "Invalid", f"{name} is wrong.")
        record(held, [outcome])
        said.append([each for each in of(work).get().conditions if each["type"] == "ApplyFailed"])
    assert said[0] == said[1]
    assert said[0][0]["message"] == "a is wrong. b is wrong."


@pytest.mark.django_db(transaction=True)
def test_a_work_that_a_service_holds_is_attempted_again_and_nobody_waits(work, held, attempted, chosen):
    outcome = attempted(work)
    outcome.verdicts = {outcome.assignment.manifests[0].id: HEALTHY}
    locked, recorded = threading.Event(), threading.Event()

    def service():
        with transaction.atomic():
            of(work).select_for_update().get()
            locked.set()
            recorded.wait(10)
        connection.close()

    beside = threading.Thread(target=service)
    beside.start()
    locked.wait(10)
    record(held, [outcome])
    assert beside.is_alive()
    assert chosen() == []
    recorded.set()
    beside.join()
    assert chosen() == [str(work)]


class TestWhichClustersAreDriven:
    def test_those_with_something_due_the_most_urgent_first(self, cluster, submit):
        west = Cluster.objects.create(name="west", server="https://west.test", ca_data="", identity="west")
        of(submit("a")).update(lane=Lane.SWEEP, next_check_at="2000-01-01T00:00:00Z")
        submit("b", cluster=west)
        assert due_clusters(busy=set(), limit=10) == [west.pk, cluster.pk]
        assert due_clusters(busy={west.pk}, limit=10) == [cluster.pk]
        assert due_clusters(busy=set(), limit=1) == [west.pk]

    def test_not_one_that_somebody_drives(self, cluster, work):
        held = lease.take(cluster.pk, "other")
        assert due_clusters(busy=set(), limit=10) == []
        lease.release(held)
        assert due_clusters(busy=set(), limit=10) == [cluster.pk]

    @pytest.mark.parametrize(
        "state",
        [
            {"suspended": True},
            {"identity": None},
            {"breaker_until": "2000-01-01T00:00:00Z"},
            *(
                {"conditions": [{"type": each, "status": "False"}]}
                for each in ("CredentialsAccepted", "IdentityConfirmed", "VersionSupported")
            ),
        ],
    )
    def test_not_one_that_may_not_be_delivered_to(self, cluster, work, state):
        Cluster.objects.update(**state)
        assert due_clusters(busy=set(), limit=10) == []
        assert not queue().exists()

    def test_conditions_that_are_good_news_when_false_do_not_matter(self, cluster, work):
        said = [{"type": "FenceMissing", "status": "False"}, {"type": "CredentialsAccepted", "status": "True"}]
        Cluster.objects.update(conditions=said)
        assert due_clusters(busy=set(), limit=10) == [cluster.pk]
