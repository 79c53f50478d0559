"""A schedule run by a person: a Work of its own for each run, as the release declares it, and only a few are kept."""

import pytest

from apps import selectors, services
from apps.models import Environment
from clusters.models import Work
from paas.core.errors import Conflict, Forbidden, NotFound
from paas.core.models import AuditEvent

REPORT = {"name": "report", "schedule": "30 3 * * *", "command": ["report"], "cpu": "50m", "memory": "64Mi"}


@pytest.fixture
def run(deploy, owner, west):
    """run() runs `report` of an application on two clusters."""

    def go(actor=owner, schedule="report", **given):
        environment = Environment.objects.get()
        return services.run_schedule(environment=environment, schedule=schedule, actor=actor, **given)

    deploy(clusters=["east", "west"], blocks=[{"schedule": REPORT}])
    return go


def runs(**filters):
    return Work.objects.filter(name__startswith="run-", **filters)


def test_it_is_the_job_that_the_clock_would_start(run):
    assert (run(reason="asked for").number, runs().count()) == (1, 2)
    work = runs(cluster__name="east").get()
    [job] = [each["body"] for each in work.manifests]
    declared = next(
        each["body"]
        for each in Work.objects.get(name="application", cluster__name="east").manifests
        if each["body"]["kind"] == "CronJob"
    )
    assert job["spec"] == declared["spec"]["jobTemplate"]["spec"]
    assert (job["kind"], job["metadata"]["name"]) == ("Job", "hello-report-run-1")
    assert job["metadata"]["labels"] == declared["metadata"]["labels"]
    assert (work.name, work.release) == ("run-report-1", "r1")
    assert [each.name for each in work.waits_for.all()] == ["ground"]
    event = AuditEvent.objects.get(action="environment.schedule_run")
    assert (event.actor_name, event.reason) == ("olga", "asked for")
    assert event.after == {"schedule": "report", "job": "hello-report-run-1", "clusters": ["east", "west"]}


def test_it_runs_on_the_cluster_that_is_named(run):
    run(cluster="west")
    assert [work.cluster.name for work in runs()] == ["west"]


@pytest.mark.parametrize("given", [{"schedule": "web"}, {"schedule": "nightly"}, {"cluster": "north"}])
def test_what_is_not_declared_is_not_run(run, given):
    with pytest.raises(NotFound) as refused:
        run(**given)
    assert refused.value.code == "schedule_not_found"
    assert "report" in refused.value.rule


def test_it_is_not_run_twice_at_once(run):
    run(cluster="east")
    with pytest.raises(Conflict) as refused:
        run()
    assert refused.value.code == "schedule_running"
    runs().update(health="Degraded")
    assert run().number == 2


def test_a_name_as_long_as_can_be(deploy, owner):
    name = "a" * 63
    deploy(blocks=[{"schedule": {**REPORT, "name": name}}])
    for number in (1, 2):
        made = services.run_schedule(environment=Environment.objects.get(), schedule=name, actor=owner)
        assert made.number == number
        assert len(made.job) <= 63
        runs().update(health="Healthy")


def test_only_the_last_few_are_kept(run):
    for _ in range(7):
        run(cluster="east")
        runs().update(health="Healthy")
    present = runs(intent="present").order_by("created_at").values_list("name", flat=True)
    assert list(present) == [f"run-report-{number}" for number in range(3, 8)]


def test_a_run_that_failed_is_not_the_health_of_what_goes_on(run, observe):
    environment = Environment.objects.get()
    observe(environment)
    run()
    runs().update(health="Degraded")
    assert selectors.environment_status(environment)["health"] == "Healthy"
    run()
    assert {each["health"] for each in selectors.environment_status(environment)["clusters"]} == {"Healthy"}
    runs().update(intent="retired")
    assert [each["type"] for each in selectors.environment_status(environment)["conditions"]] == ["Ready"]


def test_runs_go_with_their_environment(run, owner):
    run()
    environment = Environment.objects.get()
    services.retire(application=environment.application, actor=owner, confirm="hello")
    assert not runs(intent="present").exists()
    with pytest.raises(Conflict):
        run()


def test_who_may_not(run, viewer, stranger):
    with pytest.raises(Forbidden):
        run(actor=viewer)
    with pytest.raises(NotFound):
        run(actor=stranger)
    assert not runs().exists()
