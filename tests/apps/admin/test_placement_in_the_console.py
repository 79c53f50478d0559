"""Placement and scaling of an environment in the console, and held objects let go there."""

import re
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from apps.admin import placement, scaling
from apps.models import Environment
from clusters.models import OwnedObject, Work
from clusters.scalers import REPORTED
from paas.core.models import AuditEvent
from paas.identity import services as identity

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


@pytest.fixture
def environment(deploy, west):
    web = {"process": {"name": "web", "cpu": "50m", "memory": "64Mi", "replicas": 5}}
    deploy(environments={"production": {"clusters": ["east"], "blocks": [web]}})
    return Environment.objects.get()


def address(name, environment):
    return reverse(f"admin:applications_environment_{name}", args=[environment.pk])


def words(answer):
    """The page's text, without tags."""
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def filled(environment, **changes):
    return {
        "version": environment.version, "clusters": ["east", "west"], "selector": "", "replicas": "divided",
        "weights": "", "reason": "", **changes,
    }  # fmt: skip


def test_what_another_placement_would_come_to_is_shown_first(client, owner, environment):
    client.force_login(owner)
    answer = client.post(address("placement", environment), {**filled(environment), "preview": "1"})
    text = words(answer)
    assert "What it would come to" in text
    assert "web east 5 3" in text
    assert "web west none 2" in text
    assert Environment.objects.get().placement == {"clusters": ["east"]}
    # What was filled in stays.
    assert re.search(r'value="west"[^>]*checked', answer.content.decode())


def test_it_is_placed(client, owner, environment):
    client.force_login(owner)
    order = filled(environment, weights="east=4\n", reason="more room")
    answer = client.post(address("placement", environment), order, follow=True)
    assert "production is placed." in words(answer)
    placement = {"clusters": ["east", "west"], "replicas": "divided", "weights": {"east": 4}}
    assert Environment.objects.get().placement == placement
    assert "web east 4" in words(client.get(address("placement", environment)))
    assert AuditEvent.objects.get(action="environment.placed").reason == "more room"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"clusters": []}, "either clusters or selector"),
        ({"weights": "east"}, "is not of the form key=value"),
        ({"weights": "east=much"}, "is no weight"),
        ({"weights": "moon=2"}, "moon"),
        ({"clusters": [], "selector": "region=mars"}, "none with region=mars is open"),
        ({"version": 77}, "has changed since you read this page"),
    ],
)
def test_what_is_wrong_is_told_in_the_form(client, owner, environment, changes, said):
    client.force_login(owner)
    assert said in words(client.post(address("placement", environment), filled(environment, **changes)))
    assert Environment.objects.get().placement == {"clusters": ["east"]}


def test_who_may_not_deploy_sees_it_without_a_form(client, viewer, stranger, environment):
    client.force_login(viewer)
    assert "Place it otherwise" not in words(client.get(address("placement", environment)))
    client.post(address("placement", environment), filled(environment))
    assert Environment.objects.get().placement == {"clusters": ["east"]}
    client.force_login(stranger)
    assert client.get(address("placement", environment)).status_code == 404
    assert client.get(address("scaling", environment)).status_code == 404


def test_a_selector_that_matches_others_is_told(client, owner, deploy, east, make_cluster):
    deploy(environments={"production": {"selector": {"region": "eu"}}})
    make_cluster("north", labels={"region": "eu"})
    client.force_login(owner)
    assert "Would be added: north." in words(client.get(address("placement", Environment.objects.get())))


def test_how_it_is_scaled(client, viewer, deploy, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 12, 1, 12, tzinfo=UTC))
    deploy(blocks=SCALED)
    environment = Environment.objects.get()
    client.force_login(viewer)
    assert "It has not been looked at yet." in words(client.get(address("scaling", environment)))
    oid = f"autoscaling/HorizontalPodAutoscaler/{environment.namespace}/hello-web"
    told = {
        "id": oid, "current": 4, "desired": 5, "scaled_at": "2026-12-01T11:58:00Z",
        "metrics": [{"name": "cpu", "target": 80, "current": 95}],
        "decisions": [{"at": "2026-12-01T11:58:00Z", "message": "New size: 5; reason: cpu above target"}],
        "conditions": [
            {"type": "ScalingLimited", "status": "True", "reason": "TooManyReplicas", "message": "at most 8"}
        ],
    }  # fmt: skip
    Work.objects.filter(name="application").update(reported={REPORTED: [told]})
    text = words(client.get(address("scaling", environment)))
    for word in (
        "web · east", "Wanted 5", "Fewest 4", "Most 8", "95 %, aims at 80 %", "2026-12-01 18:00: 2 to 10",
        "4 to 8 0 8 * * * 0 18 * * *", "New size: 5; reason: cpu above target", "Too many replicas",
        "dougong scaling demo/hello",
    ):  # fmt: skip
        assert word in text, word


def test_the_next_change_is_told_in_the_reader_s_zone(client, viewer, deploy, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 12, 1, 12, tzinfo=UTC))
    deploy(blocks=SCALED)
    client.force_login(viewer)
    client.cookies["dougong_zone"] = "Asia/Shanghai"
    assert "2026-12-02 02:00: 2 to 10" in words(client.get(address("scaling", Environment.objects.get())))


def test_scaling_and_placement_follow_and_the_permission_is_asked_each_time(
    client, first_state, viewer, team, admin, deploy
):
    deploy(blocks=SCALED)
    environment = Environment.objects.get()
    client.force_login(viewer)
    for name, view in (("scaling", scaling.live), ("placement", placement.live)):
        assert (
            f'data-live="{address(f"{name}_live", environment)}"'
            in client.get(address(name, environment)).content.decode()
        )
        assert "event: state" in first_state(view, viewer, environment.pk)
    oid = f"autoscaling/HorizontalPodAutoscaler/{environment.namespace}/hello-web"
    decided = {"id": oid, "decisions": [{"at": "2026-12-01T11:58:00Z", "message": "New size: 7"}]}
    Work.objects.filter(name="application").update(reported={REPORTED: [decided]})
    assert "New size: 7" in first_state(scaling.live, viewer, environment.pk)
    identity.remove_member(team=team, user=viewer, actor=admin)
    for view in (scaling.live, placement.live):
        assert "environment_not_found" in first_state(view, viewer, environment.pk)


def test_advice_says_what_would_be_saved(client, viewer, deploy, east):
    east.facts["target"]["served"].append("autoscaling.k8s.io/v1/VerticalPodAutoscaler")
    east.save()
    deploy(blocks=[{"vertical_autoscale": {"process": "web"}}])
    environment = Environment.objects.get()
    oid = f"autoscaling.k8s.io/VerticalPodAutoscaler/{environment.namespace}/hello-web"
    advice = {"container": "web", "target": {"cpu": "20m", "memory": "128Mi"}, "least": {}, "most": {}}
    Work.objects.filter(name="application").update(reported={REPORTED: [{"id": oid, "advice": [advice]}]})
    client.force_login(viewer)
    text = words(client.get(address("scaling", environment)))
    assert "web east Off CPU 50m 20m 60 %" in text
    assert "web east Off Memory 64Mi 128Mi -100 %" in text


def test_what_is_not_scaled_says_how_to(client, viewer, environment):
    client.force_login(viewer)
    assert "Nothing is scaled here." in words(client.get(address("scaling", environment)))


@pytest.fixture
def kept(environment):
    """A Work that keeps a volume."""
    work = Work.objects.select_related("cluster").get(name="application")
    oid = f"core/PersistentVolumeClaim/{environment.namespace}/hello-data"
    OwnedObject.objects.create(work=work, cluster=work.cluster, api_version="v1", claim="c", oid=oid)
    Work.objects.filter(pk=work.pk).update(reported={"PruneHeld": [{"id": oid}]})
    return work, oid


def test_a_held_volume_is_let_go_by_its_name(client, owner, kept):
    work, oid = kept
    client.force_login(owner)
    page = client.get(reverse("admin:clusters_work_change", args=[work.pk]))
    assert "Kept though no longer desired" in words(page)
    [href] = re.findall(r'href="([^"]*let-go[^"]*)"', page.content.decode())
    assert "dougong held release demo/hello/production PersistentVolumeClaim/hello-data" in words(client.get(href))
    assert "not the name" in words(client.post(href, {"name": "hello"}))
    work.refresh_from_db()
    assert work.retirement == []
    answer = client.post(href, {"name": "hello-data", "reason": "copied"}, follow=True)
    assert "hello-data is about to be deleted." in words(answer)
    work.refresh_from_db()
    assert work.retirement == [oid]


def test_who_is_no_owner_is_not_offered_it(client, viewer, kept):
    work, oid = kept
    client.force_login(viewer)
    page = client.get(reverse("admin:clusters_work_change", args=[work.pk]))
    assert oid in words(page)
    assert "let-go" not in page.content.decode()
    href = f"{reverse('admin:clusters_work_let_go', args=[work.pk])}?object={oid}"
    assert client.post(href, {"name": "hello-data"}).status_code == 302
    work.refresh_from_db()
    assert work.retirement == []
