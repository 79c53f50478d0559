"""The pages of an environment, a Work and a cluster, their history, and the one that lets a held object go: in light
and dark, wide and narrow; and without a reload.
"""

import os
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from apps.delivery import channel as application_channel
from apps.models import Environment
from clusters import selectors
from clusters.models import Cluster, OwnedObject, Work
from clusters.scalers import REPORTED
from paas.core.sse import hint
from tests.apps.browser.looks import in_each_look, look_at

pytestmark = pytest.mark.browser

SCALED = [
    {"autoscale": {"process": "web", "min": 2, "max": 10}},
    {"scale_window": {"process": "web", "name": "office", "start": "0 8 * * 1-5", "end": "0 18 * * 1-5", "min": 5,
                      "max": 20, "time_zone": "Europe/Berlin"}},
    {"vertical_autoscale": {"process": "web"}},
    {"process": {"name": "worker", "cpu": "50m", "memory": "64Mi", "replicas": 5}},
]  # fmt: skip


@pytest.fixture
def environment(deploy, east, west):
    """Divided and scaled, as its scalers might have told it; a volume of it is held."""
    for each in (east, west):
        each.facts["target"]["served"].append("autoscaling.k8s.io/v1/VerticalPodAutoscaler")
        each.save()
    placement = {"clusters": ["east", "west"], "replicas": "divided", "weights": {"east": 2}}
    deploy(environments={"production": placement}, blocks=SCALED)
    made = Environment.objects.get()
    for work in Work.objects.filter(name="application"):
        horizontal = {
            "id": f"autoscaling/HorizontalPodAutoscaler/{made.namespace}/hello-web", "current": 3, "desired": 5,
            "scaled_at": "2026-11-28T08:00:15Z", "metrics": [{"name": "cpu", "target": 80, "current": 95}],
            "decisions": [
                {"at": "2026-11-28T08:00:15Z", "message": "New size: 5; reason: cpu resource utilization above target"}
            ],
            "conditions": [
                {
                    "type": "ScalingLimited", "status": "True", "reason": "TooFewReplicas",
                    "message": "the desired replica count is less than the minimum", "since": "2026-11-28T08:00:15Z",
                }
            ],
        }  # fmt: skip
        advice = {"container": "web", "target": {"cpu": "20m", "memory": "128Mi"}, "least": {}, "most": {}}
        vertical = {"id": f"autoscaling.k8s.io/VerticalPodAutoscaler/{made.namespace}/hello-web", "advice": [advice]}
        kept = f"core/PersistentVolumeClaim/{made.namespace}/hello-data"
        OwnedObject.objects.create(work=work, cluster=work.cluster, api_version="v1", claim="c", oid=kept)
        Work.objects.filter(pk=work.pk).update(reported={REPORTED: [horizontal, vertical], "PruneHeld": [{"id": kept}]})
    return made


@pytest.fixture
def addresses(environment):
    work = Work.objects.filter(name="application").first()
    kept = f"core/PersistentVolumeClaim/{environment.namespace}/hello-data"
    return {
        "placement": reverse("admin:applications_environment_placement", args=[environment.pk]),
        "scaling": reverse("admin:applications_environment_scaling", args=[environment.pk]),
        "terminal": reverse("admin:applications_environment_terminal", args=[environment.pk]),
        "protection": reverse("admin:environment_protection", args=[environment.pk]),
        "application": reverse("admin:applications_application_change", args=[environment.application_id]),
        "history": reverse("admin:applications_application_history", args=[environment.application_id]),
        "work": reverse("admin:clusters_work_change", args=[work.pk]),
        "work-history": reverse("admin:clusters_work_history", args=[work.pk]),
        "cluster": reverse("admin:clusters_cluster_change", args=[work.cluster_id]),
        "let-go": f"{reverse('admin:clusters_work_let_go', args=[work.pk])}?object={kept}",
    }


@in_each_look
def test_nothing_serious_stands_in_anyone_s_way(sign_in, served, addresses, owner, errors, scheme, width):
    look_at(sign_in(owner), served, addresses, scheme, width)
    assert errors == []


def test_a_preview_then_the_act(sign_in, served, addresses, owner, errors):
    page = sign_in(owner)
    page.goto(served + addresses["placement"])
    page.get_by_label("west", exact=True).uncheck()
    page.get_by_label("Weights").fill("")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("region", name="What it would come to").wait_for()
    assert Environment.objects.get().placement["clusters"] == ["east", "west"]
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/preview.png", full_page=True)
    page.get_by_role("button", name=re.compile("Place$")).click()
    page.get_by_text("production is placed.").wait_for()
    assert Environment.objects.get().placement == {"clusters": ["east"], "replicas": "divided"}
    assert errors == []


def test_what_an_event_touched(sign_in, served, addresses, operator, page, errors):
    """At both widths; operators alone get there."""
    page = sign_in(operator)
    page.goto(served + addresses["work-history"])
    page.get_by_role("link", name="Deployed", exact=True).first.click()
    page.get_by_role("region", name="What it touched").wait_for()
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{folder}/event-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert errors == []


def test_scaling_works_and_clusters_follow_without_a_reload(sign_in, served, addresses, environment, owner, errors):
    page = sign_in(owner)
    work = Work.objects.filter(name="application").first()

    def follows(name, change, *channels):
        page.goto(served + addresses[name])
        page.get_by_text("Live", exact=True).wait_for()
        page.evaluate("window.here = true")
        change()
        for channel in channels:
            hint(channel)
        page.get_by_text(f"now of {name}").first.wait_for()
        assert page.evaluate("window.here")

    def decide():
        work.refresh_from_db()
        [first, *others] = work.reported[REPORTED]
        decided = [{"at": "2026-11-28T09:00:00Z", "message": "now of scaling"}]
        work.reported[REPORTED] = [{**first, "decisions": decided}, *others]
        work.save()

    def said(model, row, name):
        condition = {
            "type": "Ready", "status": "False", "reason": "ApplyFailed", "message": f"now of {name}",
            "lastTransitionTime": "2026-11-28T08:00:15Z",
        }  # fmt: skip
        return lambda: model.objects.filter(pk=row.pk).update(conditions=[condition])

    follows("scaling", decide, application_channel(environment.application_id))
    follows("work", said(Work, work, "work"), selectors.WORKS_CHANNEL)
    follows("cluster", said(Cluster, work.cluster, "cluster"), selectors.FLEET_CHANNEL)
    assert errors == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_an_address_that_leads_nowhere(sign_in, served, owner, scheme, width):
    page = sign_in(owner)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(f"{served}/console/nowhere/")
    page.get_by_text("There is nothing here").wait_for()
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/nowhere-{scheme}-{width}.png", full_page=True)
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in {"serious", "critical"}] == []
    page.get_by_role("link", name="Home").click()
    page.wait_for_url("**/console/")
