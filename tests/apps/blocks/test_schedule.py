import pytest

from apps.contribution import RenderError
from apps.problems import ProblemsError

REPORT = {"name": "report", "schedule": "30 3 * * 1-5", "command": ["report"], "cpu": "50m", "memory": "64Mi"}
LABELS = {
    "app.kubernetes.io/name": "hello",
    "app.kubernetes.io/instance": "hello-production",
    "app.kubernetes.io/part-of": "demo",
    "app.kubernetes.io/managed-by": "dougong",
    "app.kubernetes.io/component": "report",
}


def test_is_a_cron_job_with_a_pod_like_any_other(rendered):
    found = rendered({"schedule": REPORT})
    assert list(found) == ["CronJob"]
    assert found["CronJob"]["metadata"]["name"] == "hello-report"
    spec = found["CronJob"]["spec"]
    template = spec["jobTemplate"].pop("spec")
    assert spec == {
        "schedule": "30 3 * * 1-5",
        "timeZone": "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "suspend": False,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
        "jobTemplate": {"metadata": {"labels": LABELS}},
    }
    assert (template["backoffLimit"], template["activeDeadlineSeconds"]) == (0, 3600)
    pod = template["template"]["spec"]
    assert template["template"]["metadata"] == {"labels": LABELS}
    assert pod["restartPolicy"] == "Never"
    assert pod["containers"][0]["command"] == ["report"]
    assert pod["securityContext"]["runAsNonRoot"] is True


def test_what_may_be_said_of_its_times(rendered):
    spec = rendered(
        {
            "schedule": {
                **REPORT, "time_zone": "Asia/Shanghai", "concurrency_policy": "Replace", "suspend": True,
                "starting_deadline_seconds": 60, "successful_jobs_history_limit": 0, "failed_jobs_history_limit": 9,
                "active_deadline_seconds": 60, "backoff_limit": 2,
            }
        }
    )["CronJob"]["spec"]  # fmt: skip
    assert (spec["timeZone"], spec["concurrencyPolicy"], spec["suspend"]) == ("Asia/Shanghai", "Replace", True)
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (0, 9)
    assert spec["startingDeadlineSeconds"] == 60
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] == 60
    assert spec["jobTemplate"]["spec"]["backoffLimit"] == 2


def test_configuration_of_every_process_is_its_own_too(rendered):
    spec = rendered({"schedule": REPORT}, {"config": {"values": {"A": "1"}}})["CronJob"]["spec"]
    [container] = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"][0]["configMapRef"]["name"].startswith("hello-config-")


def test_leaves_the_processes_alone(rendered, web):
    assert rendered(web, {"schedule": REPORT})["Deployment"] == rendered(web)["Deployment"]


@pytest.mark.parametrize(
    ("block", "params"),
    [
        ("port", {"port": 8080}),
        ("autoscale", {"min": 1, "max": 2}),
        ("disruption_budget", {"max_unavailable": 1}),
    ],
)
def test_what_only_a_process_that_goes_on_can_have_is_refused(rendered, block, params):
    with pytest.raises(RenderError) as refused:
        rendered({"schedule": REPORT}, {block: {"process": "report", **params}})
    assert refused.value.code == "runs_to_its_end"
    assert refused.value.path.startswith(f"{block}(report")


def test_a_name_that_a_process_has_is_refused(rendered, web):
    with pytest.raises(RenderError) as refused:
        rendered(web, {"schedule": {**REPORT, "name": "web"}})
    assert refused.value.code == "workload_conflict"


@pytest.mark.parametrize(
    "wrong",
    [
        {"schedule": "30 25 * * *"},
        {"schedule": "@daily"},
        {"schedule": "0 0 30 2 *"},
        {"time_zone": "Local"},
        {"time_zone": "europe/berlin"},
        {"concurrency_policy": "forbid"},
        {"starting_deadline_seconds": 9},
    ],
)
def test_what_no_cluster_would_take_is_refused(contribute, wrong):
    with pytest.raises(ProblemsError):
        contribute("schedule", {**REPORT, **wrong})
