"""The status of an environment follows its Works, and says when a rendering is out of date."""

import pytest

from apps import selectors, services
from apps.models import Environment, EnvironmentStatus, StatusDue
from clusters import observed
from clusters.models import Work


@pytest.fixture
def environment(deploy):
    deploy()
    return Environment.objects.get()


def said(environment):
    return {each["type"]: each for each in EnvironmentStatus.objects.get(pk=environment.pk).conditions}


def test_before_anything_was_attempted(environment, observe):
    observe(environment, observed_generation=0)
    assert environment.status.health == "Progressing"
    assert said(environment)["Ready"]["reason"] == "BeingDelivered"


@pytest.mark.parametrize("health", ["Healthy", "Progressing", "Degraded", "Missing", "Suspended", "Unknown"])
def test_the_worst_of_its_works(environment, observe, health):
    observe(environment, health)
    assert environment.status.health == health
    assert said(environment)["Ready"]["status"] == ("True" if health in ("Healthy", "Suspended") else "False")
    assert environment.status.observed_generation == environment.generation


def test_a_schedule_whose_last_run_failed(environment, observe):
    ready = {"type": "Ready", "status": "True", "reason": "Delivered", "message": "", "lastTransitionTime": "2026"}
    failed = {**ready, "type": "LastRunFailed", "reason": "LastRunFailed", "message": "It failed"}
    observe(environment, "Degraded", conditions=[ready, failed])
    assert (environment.status.health, said(environment)["Ready"]["status"]) == ("Degraded", "True")
    told = said(environment)["LastRunFailed"]
    assert (told["status"], told["message"]) == ("True", "On east: It failed On east: It failed")
    [cluster] = selectors.environment_status(environment)["clusters"]
    assert cluster["health"] == "Degraded"
    observe(environment)
    assert (environment.status.health, [*said(environment)]) == ("Healthy", ["Ready"])


def test_the_loop_notes_and_the_adding_up_follows_the_commit(environment, django_capture_on_commit_callbacks):
    StatusDue.objects.all().delete()
    with django_capture_on_commit_callbacks() as callbacks:
        Work.objects.update(health="Degraded", observed_generation=1)
        observed.notify("environment", environment.pk)
    assert StatusDue.objects.get().environment_id == environment.pk
    for callback in callbacks:
        callback()
    assert EnvironmentStatus.objects.get().health == "Degraded"
    assert not StatusDue.objects.exists()


def test_a_note_left_by_a_crash_is_taken_later(environment, observe):
    StatusDue.objects.create(environment_id=environment.pk)
    StatusDue.objects.create(environment_id="00000000-0000-0000-0000-000000000000")
    observe(environment)
    assert not StatusDue.objects.exists()


def test_other_facts_make_the_rendering_stale_until_it_is_rendered_anew(environment, east, owner, observe):
    observe(environment)
    east.facts["target"]["version"] = "v1.35.0"
    east.save()
    observe(environment)
    assert said(environment)["RenderStale"]["status"] == "True"
    before = Work.objects.get(name="application").generation
    services.rerender(environment=environment, actor=owner, reason="upgrade")
    observe(environment)
    assert "RenderStale" not in said(environment)
    assert Work.objects.get(name="application").generation == before


def test_facts_that_matter_change_objects_only_when_asked(environment, east, owner):
    east.facts["target"]["gateway"] = None
    east.save()
    kinds = {each["body"]["kind"] for each in Work.objects.get(name="application").manifests}
    assert "HTTPRoute" in kinds
    notes = services.rerender(environment=environment, actor=owner)
    assert notes == ["production: hello.example/ is left out: cluster east has no gateway"]
    kinds = {each["body"]["kind"] for each in Work.objects.get(name="application").manifests}
    assert "HTTPRoute" not in kinds


def test_a_page_adds_up_the_works_themselves(environment, observe):
    observe(environment)
    Work.objects.filter(name="application").update(health="Degraded")
    [told] = selectors.status(environment.application)["environments"]
    assert told["health"] == "Degraded"
    assert EnvironmentStatus.objects.get().health == "Healthy"
