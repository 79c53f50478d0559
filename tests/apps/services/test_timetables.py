"""When a window of a scaler begins or ends, its bounds change and nothing else does."""

from datetime import datetime, timedelta

import pytest

from apps import services
from apps.models import Environment, Placement, Release
from apps.services import timetable
from clusters.models import Lane, Work
from paas.core.models import AuditEvent

OFFICE = {"process": "web", "name": "office", "start": "0 8 * * 1-5", "end": "0 18 * * 1-5", "min": 5, "max": 20}
BLOCKS = [{"autoscale": {"process": "web", "min": 2, "max": 10}}, {"scale_window": OFFICE}]
MONDAY = "2026-06-01T"


@pytest.fixture
def clock(monkeypatch):
    """clock("2026-06-01T07:59") is what the services read from then on."""

    def put(text):
        moment = datetime.fromisoformat(f"{text}+00:00")
        monkeypatch.setattr("django.utils.timezone.now", lambda: moment)

    return put


@pytest.fixture
def scaled(deploy, clock):
    """Deployed on Monday at seven."""
    clock(f"{MONDAY}07:00")
    deploy(blocks=BLOCKS)
    return Environment.objects.get()


def bodies(name="east"):
    work = Work.objects.get(name="application", cluster__name=name)
    return {each["body"]["kind"]: each["body"] for each in work.manifests}


def bounds(name="east"):
    spec = bodies(name)["HorizontalPodAutoscaler"]["spec"]
    return spec["minReplicas"], spec["maxReplicas"]


def test_what_is_delivered_has_the_bounds_of_the_moment(deploy, clock):
    clock(f"{MONDAY}12:00")
    deploy(blocks=BLOCKS)
    assert bounds() == (5, 20)
    assert Placement.objects.get().next_turn_at.isoformat() == f"{MONDAY}18:00:00+00:00"


def test_at_the_edges_of_a_window_they_change(scaled, clock):
    assert bounds() == (2, 10)
    clock(f"{MONDAY}07:59")
    assert timetable.turn_due() == 0
    clock(f"{MONDAY}08:00")
    assert timetable.turn_due() == 1
    assert bounds() == (5, 20)
    assert timetable.turn_due() == 0
    clock(f"{MONDAY}18:00")
    assert timetable.turn_due() == 1
    assert bounds() == (2, 10)


def test_nothing_else_changes(scaled, clock, monkeypatch):
    before, work = bodies(), Work.objects.get(name="application")
    waits = list(work.waits_for.values_list("pk", flat=True))
    # A newer Dougong and a changed cluster: neither is to reach what runs by this way.
    monkeypatch.setattr("apps.render.RENDERER", 3)
    work.cluster.facts["target"]["pod_security"] = "v1.99"
    work.cluster.save()
    version, generation = scaled.version, scaled.generation
    clock(f"{MONDAY}08:00")
    timetable.turn_due()
    after, now = bodies(), Work.objects.get(name="application")
    spec = after["HorizontalPodAutoscaler"]["spec"]
    assert {**spec, "minReplicas": 2, "maxReplicas": 10} == before.pop("HorizontalPodAutoscaler")["spec"]
    after.pop("HorizontalPodAutoscaler")
    assert after == before
    assert (now.release, now.target_digest) == (work.release, work.target_digest)
    assert list(now.waits_for.values_list("pk", flat=True)) == waits
    assert now.generation == work.generation + 1
    assert Work.objects.get(name="ground").generation == 1
    scaled.refresh_from_db()
    assert (scaled.version, scaled.generation, Release.objects.count()) == (version, generation, 1)


def test_it_goes_before_sweeps_and_behind_edits(scaled, clock):
    Work.objects.update(settled_generation=1, observed_generation=1)
    clock(f"{MONDAY}08:00")
    timetable.turn_due()
    assert Work.objects.get(name="application").lane == Lane.DRIFT


def test_the_audit_trail_says_what_the_platform_did(scaled, clock):
    clock(f"{MONDAY}08:00")
    timetable.turn_due()
    event = AuditEvent.objects.get(action="environment.scaler_turned")
    assert (event.actor, event.actor_name) == (None, "system")
    assert event.before == {"east": {"web": [2, 10]}}
    assert event.after == {"east": {"web": [5, 20]}}


def test_what_was_missed_is_passed_over(scaled, clock):
    clock("2026-06-03T19:00")
    assert timetable.turn_due() == 1
    assert bounds() == (2, 10)
    assert not AuditEvent.objects.filter(action="environment.scaler_turned").exists()
    assert Placement.objects.get().next_turn_at.isoformat() == "2026-06-04T08:00:00+00:00"


def test_a_rendering_in_a_window_keeps_its_bounds(scaled, clock, owner):
    clock(f"{MONDAY}08:00")
    timetable.turn_due()
    clock(f"{MONDAY}09:00")
    services.rerender(environment=scaled, actor=owner)
    assert bounds() == (5, 20)


def test_a_release_without_windows_has_no_turn(scaled, clock, deploy):
    deploy(blocks=BLOCKS[:1])
    assert Placement.objects.get().next_turn_at is None
    clock(f"{MONDAY}08:00")
    assert timetable.turn_due() == 0
    assert bounds() == (2, 10)


def test_the_same_file_again_changes_nothing_in_a_window_either(scaled, clock, deploy):
    clock(f"{MONDAY}08:00")
    timetable.turn_due()
    assert deploy(blocks=BLOCKS).unchanged == ("production",)
    assert bounds() == (5, 20)


def test_parts_that_are_divided_are_turned_to_their_parts(deploy, west, clock):
    clock(f"{MONDAY}07:00")
    deploy(blocks=BLOCKS, environments={"production": {"clusters": ["east", "west"], "replicas": "divided"}})
    assert (bounds("east"), bounds("west")) == ((1, 5), (1, 5))
    clock(f"{MONDAY}08:00")
    assert timetable.turn_due() == 1
    assert (bounds("east"), bounds("west")) == ((3, 10), (2, 10))


def test_one_that_cannot_be_turned_keeps_no_other_from_it(deploy, scaled, clock, project, owner):
    deploy(blocks=BLOCKS, name="other", host="other.example")
    broken = Work.objects.get(name="application", owner_id=scaled.pk)
    for each in broken.manifests:
        if each["body"]["kind"] == "HorizontalPodAutoscaler":
            each["body"]["metadata"]["annotations"]["dougong.dev/timetable"] = "unreadable"
    broken.save()
    clock(f"{MONDAY}08:00")
    assert timetable.turn_due() == 2
    other = Work.objects.get(name="application", owner_id=Environment.objects.get(application__name="other").pk)
    [scaler] = [each["body"] for each in other.manifests if each["body"]["kind"] == "HorizontalPodAutoscaler"]
    assert scaler["spec"]["minReplicas"] == 5


def test_what_is_retiring_is_left_alone(scaled, clock, owner):
    services.retire_environment(environment=scaled, actor=owner, confirm="production")
    clock(f"{MONDAY}08:00")
    assert timetable.turn_due() == 0


def test_edges_come_in_time(scaled):
    """Beat wakes it so often that a window begins at most this late."""
    from django.conf import settings

    entry = settings.CELERY_BEAT_SCHEDULE["apps: turn timetables"]
    assert entry["schedule"] <= timedelta(seconds=30)
