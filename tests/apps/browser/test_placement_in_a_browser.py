"""The pages of placement and scaling, and the one that lets a held object go: in light and dark, wide and narrow."""

import os
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from apps.models import Environment
from clusters.models import OwnedObject, Work
from clusters.scalers import REPORTED

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
        "work": reverse("admin:clusters_work_change", args=[work.pk]),
        "let-go": f"{reverse('admin:clusters_work_let_go', args=[work.pk])}?object={kept}",
    }


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)])
def test_nothing_serious_stands_in_anyone_s_way(sign_in, served, addresses, owner, errors, scheme, width):
    page = sign_in(owner)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    serious = {}
    for name, address in addresses.items():
        page.goto(served + address)
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{folder}/{name}-{scheme}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, name
        found = Axe().run(page).response["violations"]
        serious[name] = [
            (one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in {"serious", "critical"}
        ]
    assert serious == {name: [] for name in addresses}
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
