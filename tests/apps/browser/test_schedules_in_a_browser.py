"""The pages of schedules: their runs, one run now, and the log of a sidecar; in light and dark, wide and narrow."""

import pytest
from django.urls import reverse

from apps.models import Environment
from clusters.models import OwnedObject, Work, WorkloadPods
from tests.apps.browser.looks import in_each_look, look_at

pytestmark = pytest.mark.browser

BLOCKS = [
    {"schedule": {"name": "report", "schedule": "30 3 * * *", "command": ["report"], "cpu": "50m", "memory": "64Mi"}},
    {"sidecar": {"process": "web", "name": "cache", "command": ["cache"], "cpu": "10m", "memory": "16Mi"}},
]


@pytest.fixture
def addresses(deploy, pod_of_run):
    """Of an application whose schedule succeeded on one day and failed on the next."""
    deploy(blocks=BLOCKS)
    made = Environment.objects.get()
    work = Work.objects.get(name="application")
    common = {"cluster": work.cluster, "oid": f"batch/CronJob/{made.namespace}/hello-report"}
    message = "The run of 2026-01-02T03:30:00Z ended without success; none has succeeded since 2026-01-01T03:31:17Z"
    row = {"health": "Degraded", "reason": "LastRunFailed", "message": message, "claim": "c"}
    OwnedObject.objects.create(work=work, api_version="batch/v1", namespace=made.namespace, **common, **row)
    pods = [
        pod_of_run(f"hello-report-2940{day}000", phase, f"2026-01-0{day}T03:30:00Z", f"2026-01-0{day}T03:31:17Z")
        for day, phase in ((1, "Succeeded"), (2, "Failed"))
    ]
    WorkloadPods.objects.create(namespace=made.namespace, total=2, pods=pods, **common)
    return {
        "card": reverse("admin:applications_application_change", args=[made.application_id]),
        "schedules": reverse("admin:applications_environment_schedules", args=[made.pk]),
        "run": reverse("admin:applications_schedule_run", args=[made.pk, "report"]),
        "logs": f"{reverse('admin:applications_environment_logs', args=[made.pk])}?process=web&container=cache",
    }


@in_each_look
def test_nothing_serious_stands_in_anyone_s_way(sign_in, served, addresses, owner, errors, scheme, width):
    look_at(sign_in(owner), served, addresses, scheme, width)
    assert errors == []


def test_from_the_card_to_a_run(sign_in, served, addresses, owner, errors):
    page = sign_in(owner)
    page.goto(served + addresses["card"])
    page.get_by_role("link", name="Run now, and runs").click()
    page.get_by_role("link", name="Run report now…").click()
    page.get_by_label("Reason, for the audit trail").fill("mended")
    page.get_by_role("button", name="Run now").click()
    page.get_by_text("hello-report-run-1 is started on east.").wait_for()
    assert Work.objects.filter(name="run-report-1").exists()
    assert errors == []
