"""The Kubernetes object of a process that runs to its end: a CronJob.

Called by `workload` instead of what it makes of a process that goes on. Its Pods are those of `apps.pod`. Pure.
"""

from __future__ import annotations

from apps.contribution import ProcessContribution, Run, Schedule
from apps.naming import labels, object_name
from apps.pod import pod
from apps.spec import AppSpec
from clusters.manifests import Body


def run_objects(app: AppSpec, name: str, process: ProcessContribution, run: Run) -> list[Body]:
    """The bodies; namespace and common labels of the objects themselves are still missing."""
    return [_cron_job(app, name, process, run, run.schedule)]


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
