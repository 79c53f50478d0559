"""The Kubernetes object of a process that runs to its end: a CronJob, or the Job of a release.

Called by `workload` instead of what it makes of a process that goes on. Its Pods are those of `apps.pod`. Pure.
"""

from __future__ import annotations

from apps.contribution import ProcessContribution, Run, Schedule
from apps.naming import labels, object_name
from apps.pod import pod
from apps.spec import AppSpec
from clusters.manifests import Body, phase_of

# Jobs come before what goes on, and so before the Deployments of the release that needs what they do.
TASK_PHASE = phase_of("Deployment") - 1


def run_objects(app: AppSpec, name: str, process: ProcessContribution, run: Run) -> list[Body]:
    """The bodies; namespace and common labels of the objects themselves are still missing."""
    if run.schedule is not None:
        return [_cron_job(app, name, process, run, run.schedule)]
    # What a task did is not undone by going back, and to do it again from an old image would harm.
    return [] if app.rolled_back else [_job(app, name, process, run)]


def phase_for(body: Body) -> int | None:
    """The phase of an object of a process, None for that of its kind."""
    return TASK_PHASE if body["kind"] == "Job" else None


def by_hand(cron_job: Body, name: str) -> Body:
    """The Job of a CronJob that a person starts now."""
    metadata = cron_job["metadata"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": metadata["namespace"], "labels": metadata["labels"]},
        "spec": cron_job["spec"]["jobTemplate"]["spec"],
    }


def _job(app: AppSpec, name: str, process: ProcessContribution, run: Run) -> Body:
    # The name carries the release: of a Job that is there nothing can change, and each release runs its own.
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": f"{object_name(app, name)}-{app.release}"},
        "spec": _job_spec(app, name, process, run),
    }


def _cron_job(app: AppSpec, name: str, process: ProcessContribution, run: Run, schedule: Schedule) -> Body:
    spec: Body = {
        "schedule": schedule.cron,
        "timeZone": schedule.time_zone,
        "concurrencyPolicy": schedule.concurrency_policy,
        "suspend": schedule.suspend,
        "successfulJobsHistoryLimit": schedule.successful_jobs_history_limit,
        "failedJobsHistoryLimit": schedule.failed_jobs_history_limit,
        "jobTemplate": {"metadata": {"labels": labels(app, name)}, "spec": _job_spec(app, name, process, run)},
    }
    if schedule.starting_deadline_seconds is not None:
        spec["startingDeadlineSeconds"] = schedule.starting_deadline_seconds
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": object_name(app, name)},
        "spec": spec,
    }


def _job_spec(app: AppSpec, name: str, process: ProcessContribution, run: Run) -> Body:
    # A new Pod for each retry: the log of the one that failed stays to be read.
    of_pod = {**pod(app, name, process), "restartPolicy": "Never"}
    return {
        "backoffLimit": run.backoff_limit,
        "activeDeadlineSeconds": run.active_deadline_seconds,
        "template": {"metadata": {"labels": labels(app, name)}, "spec": of_pod},
    }
