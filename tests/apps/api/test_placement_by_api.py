"""Where an environment is, and how it is spread and scaled, by the API."""

from datetime import UTC, datetime

import pytest

from apps.models import Environment
from clusters.models import Work
from clusters.scalers import REPORTED
from paas.core.models import AuditEvent

SCALED = [
    {"autoscale": {"process": "web", "min": 2, "max": 10}},
    {
        "scale_window": {
            "process": "web",
            "name": "office",
            "start": "0 8 * * *",
            "end": "0 18 * * *",
            "min": 4,
            "max": 8,
        }
    },
]
BOTH = {"clusters": ["east", "west"], "replicas": "divided"}


def web(replicas):
    return {"process": {"name": "web", "cpu": "50m", "memory": "64Mi", "replicas": replicas}}


@pytest.fixture
def placed(deploy, west):
    deploy(environments={"production": {"clusters": ["east"], "blocks": [web(5)]}})
    return Environment.objects.get()


def at(environment, more=""):
    return f"/api/v1/environments/{environment.pk}/{more}"


def edit(client, environment, body, tag=None, **query):
    tag = tag or client.get(at(environment))["ETag"]
    headers = {"HTTP_IF_MATCH": tag} if tag != "none" else {}
    query = "&".join(f"{key}={value}" for key, value in query.items())
    return client.patch(f"{at(environment)}?{query}", body, format="json", **headers)


def test_how_replicas_are_spread(api, owner, placed):
    found = api(owner).get(at(placed, "placement/")).json()
    assert found == {
        "placement": {"clusters": ["east"]},
        "divided": False,
        "clusters": [{"name": "east", "weight": 1, "cordoned": False, "suspended": False, "leaving": False}],
        "joining": [],
        "leaving": [],
        "spread": [{"process": "web", "parts": [{"cluster": "east", "min": 5, "max": 5}]}],
    }


def test_it_is_placed_elsewhere(api, owner, placed):
    answer = edit(api(owner), placed, {"placement": BOTH, "reason": "more room"})
    assert (answer.status_code, answer.json()["clusters"]) == (200, ["east", "west"])
    assert answer.json()["placement"] == BOTH
    assert "app file places production otherwise" in answer.json()["notes"][0]
    assert answer["ETag"] == f'"{Environment.objects.get().version}"'
    parts = api(owner).get(at(placed, "placement/")).json()["spread"][0]["parts"]
    assert [(each["cluster"], each["min"]) for each in parts] == [("east", 3), ("west", 2)]
    assert AuditEvent.objects.get(action="environment.placed").reason == "more room"


def test_a_dry_run_needs_no_etag_and_leaves_all_as_it_is(api, owner, placed):
    answer = edit(api(owner), placed, {"placement": BOTH}, tag="none", dryRun="true")
    [environment] = answer.json()["environments"]
    assert environment["spread"] == [
        {
            "process": "web",
            "parts": [
                {"cluster": "east", "before": {"min": 5, "max": 5}, "after": {"min": 3, "max": 3}},
                {"cluster": "west", "before": None, "after": {"min": 2, "max": 2}},
            ],
        }
    ]
    assert Environment.objects.get().placement == {"clusters": ["east"]}


def test_two_at_once_do_not_overwrite_each_other(api, owner, placed):
    client = api(owner)
    tag = client.get(at(placed))["ETag"]
    assert edit(client, placed, {"placement": BOTH}, tag=tag).status_code == 200
    late = edit(client, placed, {"placement": {"clusters": ["west"]}}, tag=tag)
    assert (late.status_code, late.json()["code"]) == (412, "version_changed")
    assert edit(client, placed, {"placement": BOTH}, tag="none").status_code == 428


@pytest.mark.parametrize(
    ("placement", "status", "code"),
    [
        ({"clusters": ["moon"]}, 400, "cluster_unknown"),
        ({"clusters": ["east"], "weights": {"east": 2}}, 400, "placement_invalid"),
        ({"clusters": ["east"], "selector": {"region": "eu"}}, 400, "placement_invalid"),
        ([], 400, "placement_invalid"),
        (None, 400, "invalid"),
        ({"selector": {"region": "mars"}}, 409, "no_cluster_matched"),
    ],
)
def test_a_wrong_placement_is_refused(api, owner, placed, placement, status, code):
    answer = edit(api(owner), placed, {"placement": placement})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Environment.objects.get().placement == {"clusters": ["east"]}


def test_who_may_only_look_sees_it_and_cannot_place_it(api, viewer, stranger, placed):
    assert api(viewer).get(at(placed, "placement/")).status_code == 200
    assert edit(api(viewer), placed, {"placement": BOTH}).status_code == 403
    assert api(stranger).get(at(placed, "placement/")).status_code == 404
    assert api(stranger).get(at(placed, "scaling/")).status_code == 404


def test_how_it_is_scaled(api, owner, deploy, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 12, 1, 12, tzinfo=UTC))
    deploy(blocks=SCALED)
    environment, work = Environment.objects.get(), Work.objects.get(name="application")
    [before] = api(owner).get(at(environment, "scaling/")).json()["horizontal"]
    assert (before["min"], before["max"], before["own"]) == (4, 8, {"min": 2, "max": 10})
    assert (before["current"], before["seen_at"]) == (None, None)
    assert before["metrics"] == [{"name": "cpu", "target": 80, "current": None}]
    [window] = before["windows"]
    assert (window["name"], window["open"], window["min"]) == ("office", True, 4)
    assert before["next_change"] == {"at": "2026-12-01T18:00:00Z", "min": 2, "max": 10}
    oid = f"autoscaling/HorizontalPodAutoscaler/{environment.namespace}/hello-web"
    decision = {"at": "2026-06-01T08:00:00Z", "message": "New size: 5; reason: cpu"}
    told = {"id": oid, "current": 4, "desired": 5, "scaled_at": "2026-06-01T08:00:00Z", "decisions": [decision],
            "metrics": [{"name": "cpu", "target": 80, "current": 95}], "conditions": []}  # fmt: skip
    Work.objects.filter(pk=work.pk).update(reported={REPORTED: [told]})
    [after] = api(owner).get(at(environment, "scaling/")).json()["horizontal"]
    assert (after["current"], after["desired"], after["decisions"]) == (4, 5, [decision])
    assert after["metrics"][0]["current"] == 95
    assert after["seen_at"]


def test_what_is_not_scaled_has_nothing_to_tell(api, owner, placed):
    assert api(owner).get(at(placed, "scaling/")).json() == {"horizontal": [], "vertical": []}


def test_advice_stands_beside_what_is_asked_for(api, owner, deploy, east):
    east.facts["target"]["served"].append("autoscaling.k8s.io/v1/VerticalPodAutoscaler")
    east.save()
    deploy(blocks=[{"vertical_autoscale": {"process": "web"}}])
    environment, work = Environment.objects.get(), Work.objects.get(name="application")
    oid = f"autoscaling.k8s.io/VerticalPodAutoscaler/{environment.namespace}/hello-web"
    advice = {"container": "web", "target": {"cpu": "25m"}, "least": {"cpu": "10m"}, "most": {"cpu": "1"}}
    Work.objects.filter(pk=work.pk).update(reported={REPORTED: [{"id": oid, "advice": [advice], "conditions": []}]})
    [found] = api(owner).get(at(environment, "scaling/")).json()["vertical"]
    assert (found["mode"], found["requested"], found["advised"]) == (
        "Off", {"cpu": "50m", "memory": "64Mi"}, {"cpu": "25m"},
    )  # fmt: skip
