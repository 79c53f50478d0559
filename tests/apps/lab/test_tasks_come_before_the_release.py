"""A task that fails on a real cluster: what it was to prepare is not written, and a person can read why."""

from apps import services
from apps.models import Environment
from tests.apps.lab.site import HTTP, WEB, example

FAILS = example("task", command=["sh", "-c", "echo the table is locked >&2; exit 3"])
JOB = "Job/hello-migrate-r1"


def test_a_task_that_fails_keeps_the_release_from_being_written(bring):
    site = bring(WEB, HTTP, FAILS, wait=False)
    site.until(lambda: site.rows()[JOB].health == "Degraded" and "locked" in site.rows()[JOB].message)
    assert not site.objects("deployments")
    waiting = site.rows()["Deployment/hello-web"]
    assert (waiting.reason, "hello-migrate-r1" in waiting.message) == ("WaitingForPhase", True)
    ready = site.conditions["Ready"]
    assert ready["status"] == "False"
    assert "hello-migrate-r1" in ready["message"]
    assert "the table is locked" in ready["message"]


def test_the_next_release_mends_it(bring):
    site = bring(WEB, HTTP, FAILS, wait=False)
    site.until(lambda: site.rows()[JOB].health == "Degraded")
    site = bring(WEB, HTTP, example("task", command=["true"]))
    assert len(site.pods()) == 1
    site.until(lambda: list(site.objects("jobs")) == ["hello-migrate-r2"])


def test_what_runs_goes_on_while_a_task_fails(bring):
    before = bring(WEB, HTTP).object("deployment", "hello-web")
    site = bring(WEB, HTTP, {"config": {"values": {"GREETING": "hi"}}}, FAILS, wait=False)
    site.until(
        lambda: "Job/hello-migrate-r2" in site.rows() and site.rows()["Job/hello-migrate-r2"].health == "Degraded"
    )
    assert site.object("deployment", "hello-web")["spec"] == before["spec"]
    assert len(site.pods()) == 1


def test_a_schedule_runs_when_a_person_asks(bring, owner):
    site = bring(example("schedule", command=["echo", "report"]))
    services.run_schedule(environment=site.environment, schedule="report", actor=owner)
    site.until(site.is_healthy)
    assert site.kubectl("logs", "job/hello-report-run-1") == "report\n"


def test_going_back_runs_no_task(bring, owner):
    site = bring(WEB, HTTP, example("task", command=["true"]))
    bring(WEB, HTTP, {"config": {"values": {"GREETING": "hi"}}}, example("task", command=["true"]))
    services.rollback(environment=Environment.objects.get(), actor=owner)
    site.until(site.is_healthy)
    site.until(lambda: not site.objects("jobs"))
    assert site.sh("echo -$GREETING-") == "--\n"
