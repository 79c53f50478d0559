"""The runs of schedules as they were seen: by service, API, command and console, and running one from the console."""

import re
from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from apps import selectors, services
from apps.admin import tree
from apps.models import Environment
from clusters.models import OwnedObject, Work, WorkloadPods
from paas.core.models import AuditEvent

REPORT = {"name": "report", "schedule": "30 3 * * *", "command": ["report"], "cpu": "50m", "memory": "64Mi"}
CLOCK = "hello-report-29400000"


@pytest.fixture
def pod(pod_of_run):
    """pod(job, name, phase, began, ended): as the watcher writes it, of a day and hour in January."""

    def make(job, name, phase, began, ended=""):
        ends = f"2026-01-{ended}Z" if ended else ""
        return pod_of_run(job, phase, f"2026-01-{began}Z", ends, name=name)

    return make


@pytest.fixture
def environment(deploy, owner):
    deploy(blocks=[{"schedule": REPORT}])
    return Environment.objects.get()


@pytest.fixture
def saw(environment):
    """saw("CronJob/hello-report", pod, …, work=…): what the loop and the watcher have written of a workload."""

    def write(workload, *pods, work="application", **row):
        found = Work.objects.select_related("cluster").get(name=work)
        kind, name = workload.split("/")
        common = {"cluster": found.cluster, "oid": f"batch/{kind}/{environment.namespace}/{name}"}
        row = {"health": "Healthy", "claim": name, "namespace": environment.namespace, **row}
        OwnedObject.objects.create(work=found, api_version="batch/v1", **common, **row)
        if pods:
            values = {"namespace": environment.namespace, "total": len(pods), "pods": list(pods)}
            WorkloadPods.objects.create(**common, **values)

    return write


def runs(environment):
    [schedule] = selectors.schedules(environment)
    return schedule.runs


def test_nothing_has_run_yet(environment):
    [schedule] = selectors.schedules(environment)
    assert (schedule.name, schedule.cluster, schedule.cron, schedule.time_zone) == (
        "report", "east", "30 3 * * *", "Etc/UTC",
    )  # fmt: skip
    assert (schedule.health, schedule.runs) == ("Unknown", ())


def test_runs_by_the_clock_the_latest_first(environment, saw, pod):
    last = "hello-report-29401440"
    saw(
        "CronJob/hello-report",
        pod(CLOCK, "a", "Succeeded", "01T03:30:00", "01T03:31:30"),
        pod(last, "b", "Failed", "02T03:30:00", "02T03:30:10"),
        pod("hello-report-29402880", "c", "Running", "03T03:30:00"),
        health="Degraded", reason="LastRunFailed", message="It failed",
    )  # fmt: skip
    running, failed, succeeded = runs(environment)
    assert (running.verdict, running.seconds, running.ended_at) == ("Running", None, None)
    assert (failed.job, failed.verdict, failed.seconds, failed.number) == (last, "Failed", 10, None)
    assert "exit code 3" in failed.message
    assert (succeeded.verdict, succeeded.seconds, succeeded.message) == ("Succeeded", 90, "")
    assert succeeded.started_at == datetime(2026, 1, 1, 3, 30, tzinfo=UTC)


def test_a_run_that_succeeded_at_its_second_try(environment, saw, pod):
    saw(
        "CronJob/hello-report",
        pod(CLOCK, "a", "Failed", "01T03:30:00", "01T03:30:10"),
        pod(CLOCK, "b", "Succeeded", "01T03:30:20", "01T03:31:00"),
    )
    [run] = runs(environment)
    assert (run.verdict, run.seconds, run.message, len(run.pods)) == ("Succeeded", 60, "", 2)


def test_a_run_that_tries_again(environment, saw, pod):
    tries = (
        pod(CLOCK, "a", "Failed", "01T03:30:00", "01T03:30:10"),
        pod(CLOCK, "b", "Pending", "01T03:30:20"),
    )
    saw("CronJob/hello-report", *tries)
    [run] = runs(environment)
    assert (run.verdict, run.seconds, run.message) == ("Running", None, "")


def test_the_tree_says_in_colour_too_which_run_failed(environment, saw, pod, client, owner):
    pods = (
        pod(CLOCK, "a", "Succeeded", "01T03:30:00", "01T03:31:30"),
        pod("hello-report-29401440", "b", "Failed", "02T03:30:00", "02T03:30:10"),
    )
    saw("CronJob/hello-report", *pods)
    found = selectors.topology([str(environment.pk)])
    status = selectors.status(environment.application)
    [row] = tree.rows(status, found, {}, timezone.now())
    by_name = {each.name: each for each in _below(row)}
    assert "Degraded" in by_name["hello-report-29401440-b"].status
    assert "Failed, 0/1 ready" in by_name["hello-report-29401440-b"].why
    assert "Healthy" in by_name[f"{CLOCK}-a"].status


def _below(row):
    for each in row.rows:
        yield each
        yield from _below(each)


def test_pods_that_were_written_before_they_named_their_job(environment, saw, pod):
    old = {
        key: text for key, text in pod(CLOCK, "a", "Failed", "01T03:30:00").items() if key not in ("job", "ended_at")
    }
    saw("CronJob/hello-report", old)
    assert runs(environment) == ()


@pytest.mark.parametrize(
    ("health", "verdict"), [("Healthy", "Succeeded"), ("Degraded", "Failed"), ("Progressing", "Running")]
)
def test_a_run_by_hand(environment, saw, owner, health, verdict):
    made = services.run_schedule(environment=environment, schedule="report", actor=owner)
    saw(f"Job/{made.job}", work=made.works[0].name, health=health, message="said")
    [run] = runs(environment)
    assert (run.number, run.job, run.verdict) == (1, "hello-report-run-1", verdict)
    assert run.message == ("" if verdict == "Succeeded" else "said")
    assert run.started_at == made.works[0].created_at


def test_runs_by_api_and_command(environment, saw, pod, api, owner, viewer, stranger, django_assert_max_num_queries):
    saw("CronJob/hello-report", pod(CLOCK, "a", "Succeeded", "01T03:30:00", "01T03:31:30"))
    address = f"/api/v1/environments/{environment.pk}/schedules/"
    assert api(stranger).get(address).status_code == 404
    [schedule] = api(viewer).get(address).json()
    assert (schedule["name"], schedule["cluster"], schedule["cron"]) == ("report", "east", "30 3 * * *")
    [run] = schedule["runs"]
    assert run == {
        "job": CLOCK, "number": None, "verdict": "Succeeded", "started_at": "2026-01-01T03:30:00Z",
        "ended_at": "2026-01-01T03:31:30Z", "seconds": 90, "message": "", "pods": [f"{CLOCK}-a"],
    }  # fmt: skip
    with django_assert_max_num_queries(4):
        selectors.schedules(environment)


def test_the_console_shows_them_and_the_way_to_their_log(environment, saw, pod, client, viewer, owner):
    saw("CronJob/hello-report", pod(CLOCK, "a", "Succeeded", "01T03:30:00", "01T03:31:30"))
    client.force_login(viewer)
    application = reverse("admin:applications_application_change", args=[environment.application_id])
    address = reverse("admin:applications_environment_schedules", args=[environment.pk])
    assert address in client.get(application).content.decode()
    page = client.get(address).content.decode()
    assert CLOCK in page
    assert "90 s" in page
    start = reverse("admin:applications_schedule_run", args=[environment.pk, "report"])
    assert start not in page
    log = re.search(r'href="([^"]*/logs/\?[^"]*)"', page)[1].replace("&amp;", "&")
    assert "process=report&cluster=east&since=2026-01-01T03%3A30%3A00Z" in log
    assert re.search(r'value="report"\s+selected', client.get(log).content.decode())
    client.force_login(owner)
    assert start in client.get(address).content.decode()


def test_it_is_run_from_the_console(environment, client, owner, viewer, stranger):
    start = reverse("admin:applications_schedule_run", args=[environment.pk, "report"])
    for person in (viewer, stranger):
        client.force_login(person)
        client.post(start, {"cluster": "", "reason": ""})
        assert not Work.objects.filter(name__startswith="run-").exists()
    client.force_login(owner)
    page = client.get(start).content.decode()
    assert "dougong run demo/hello report -e production" in page
    assert (
        "is started on east"
        in client.post(start, {"cluster": "east", "reason": "mended"}, follow=True).content.decode()
    )
    assert Work.objects.get(name="run-report-1").cluster.name == "east"
    assert AuditEvent.objects.get(action="environment.schedule_run").reason == "mended"
    again = client.post(start, {"cluster": "", "reason": ""})
    assert "schedule_running" in again.content.decode()
    assert Work.objects.filter(name__startswith="run-").count() == 1


def test_an_environment_without_one(deploy, client, owner):
    deploy()
    environment = Environment.objects.get()
    client.force_login(owner)
    address = reverse("admin:applications_environment_schedules", args=[environment.pk])
    application = reverse("admin:applications_application_change", args=[environment.application_id])
    assert address not in client.get(application).content.decode()
    assert "Nothing runs by a clock here" in client.get(address).content.decode()
