"""Replicas divided among the clusters of an environment, placed and placed anew by people."""

import pytest

from apps import services
from apps.appfile import validate
from apps.models import Environment, Release
from apps.problems import ProblemsError
from apps.selectors.config import scope_of
from apps.selectors.status import environment_status
from apps.services.config import Edit
from apps.services.observe import roll_up_due
from clusters import registry
from clusters.models import Work
from paas.core.errors import Refusal
from paas.core.models import AuditEvent

DIVIDED = {"replicas": "divided"}
AUTOSCALE = {"autoscale": {"process": "web", "min": 3, "max": 9}}


def web(replicas):
    return {"process": {"name": "web", "cpu": "50m", "memory": "64Mi", "replicas": replicas}}


def there(**placement):
    """Environments as in an app file; `web` has 5 replicas in this one."""
    return {"environments": {"production": {**placement, "blocks": [web(5)]}}}


def desired(kind="Deployment"):
    """{cluster: spec of the object of that kind}."""
    works = Work.objects.filter(name="application", intent="present").select_related("cluster")
    return {
        work.cluster.name: each["body"]["spec"]
        for work in works
        for each in work.manifests
        if each["body"]["kind"] == kind
    }


def replicas():
    return {name: spec["replicas"] for name, spec in desired().items()}


def said(environment):
    found = environment_status(Environment.objects.select_related("current_release").get(pk=environment.pk))
    return {each["type"]: each for each in found["conditions"]}


def place(environment, actor, **placement):
    return services.set_placement(environment=environment, placement=placement, actor=actor, reason="because")


@pytest.fixture
def north(make_cluster):
    return make_cluster("north", labels={"region": "eu"})


@pytest.fixture
def divided(deploy, west):
    """The environment, divided between east and west."""
    deploy(**there(clusters=["east", "west"], **DIVIDED))
    return Environment.objects.select_related("application__project__team").get()


def test_they_come_to_the_number(divided):
    assert replicas() == {"east": 3, "west": 2}


def test_by_weight(deploy, west):
    deploy(**there(clusters=["east", "west"], weights={"west": 4}, **DIVIDED))
    assert replicas() == {"east": 1, "west": 4}


def test_duplicated_unless_it_is_said(deploy, west):
    deploy(**there(clusters=["east", "west"]))
    assert replicas() == {"east": 5, "west": 5}


def test_the_bounds_of_a_scaler_likewise(deploy, west):
    deploy(**there(clusters=["east", "west"], **DIVIDED), blocks=[AUTOSCALE])
    bounds = {
        name: (spec["minReplicas"], spec["maxReplicas"]) for name, spec in desired("HorizontalPodAutoscaler").items()
    }
    assert bounds == {"east": (2, 5), "west": (1, 4)}


def test_too_few_are_refused_and_nothing_is_left_behind(deploy, west, north):
    with pytest.raises(Refusal) as refused:
        deploy(clusters=("east", "north", "west"), environments={
            "production": {"clusters": ["east", "north", "west"], "blocks": [web(2)], **DIVIDED}
        })  # fmt: skip
    assert refused.value.code == "too_few_to_divide"
    assert "2 cannot be divided among 3 clusters" in refused.value.message
    assert not Environment.objects.exists()


def test_one_that_joins_takes_its_part_from_the_others(divided, north, owner):
    made = place(divided, owner, clusters=["east", "north", "west"], **DIVIDED)
    assert made.release is None
    assert replicas() == {"east": 2, "north": 2, "west": 1}
    assert Release.objects.count() == 1
    event = AuditEvent.objects.get(action="environment.placed")
    assert (event.after["added"], event.after["redivided"], event.after["left"]) == (["north"], ["east", "west"], [])
    assert event.reason == "because"


def test_what_has_the_same_share_is_not_rendered_anew(divided, owner):
    before = dict(Work.objects.values_list("pk", "generation"))
    place(divided, owner, clusters=["east", "west"], **DIVIDED)
    assert dict(Work.objects.values_list("pk", "generation")) == before
    divided.refresh_from_db()
    assert divided.generation == 1


def test_one_is_taken_out_and_another_put_in(divided, north, owner):
    place(divided, owner, clusters=["east", "north"], **DIVIDED)
    assert replicas() == {"east": 3, "north": 2}
    assert set(Work.objects.filter(cluster__name="west").values_list("intent", flat=True)) == {"retired"}
    divided.refresh_from_db()
    assert divided.placement == {"clusters": ["east", "north"], "replicas": "divided"}


def test_from_divided_to_duplicated_and_back(divided, owner):
    place(divided, owner, clusters=["east", "west"])
    assert replicas() == {"east": 5, "west": 5}
    place(divided, owner, clusters=["east", "west"], weights={"east": 4}, **DIVIDED)
    assert replicas() == {"east": 4, "west": 1}


def test_the_note_says_that_the_file_says_otherwise(divided, owner):
    assert place(divided, owner, clusters=["east"]).notes == (
        "The app file places production otherwise: its next deploy follows the file.",
    )


def test_a_rollback_divides_as_it_is_placed_now(divided, deploy, north, owner):
    deploy(**{"greeting": "hi", **there(clusters=["east", "west"], **DIVIDED)})
    place(Environment.objects.get(), owner, clusters=["east", "north", "west"], **DIVIDED)
    services.rollback(environment=Environment.objects.get(), actor=owner)
    assert replicas() == {"east": 2, "north": 2, "west": 1}


def test_a_cluster_that_comes_to_match_changes_nothing_until_it_is_placed_anew(deploy, east, north, owner, operator):
    registry.update_cluster(cluster=north, labels={}, actor=operator)
    deploy(**there(selector={"region": "eu"}, **DIVIDED))
    environment = Environment.objects.get()
    assert replicas() == {"east": 5}
    registry.update_cluster(cluster=north, labels={"region": "eu"}, actor=operator)
    assert replicas() == {"east": 5}
    stale = said(environment)["PlacementStale"]
    assert (stale["status"], stale["reason"]) == ("True", "SelectorMatchesOthers")
    assert "north would be added" in stale["message"]
    roll_up_due()
    environment.status.refresh_from_db()
    assert "PlacementStale" in {each["type"] for each in environment.status.conditions}
    place(environment, owner, **environment.placement)
    assert replicas() == {"east": 3, "north": 2}
    assert "PlacementStale" not in said(environment)
    assert "RenderStale" not in said(environment)


def test_a_cluster_that_no_longer_matches_keeps_what_it_has_until_then(deploy, north, owner, operator):
    deploy(**there(selector={"region": "eu"}, **DIVIDED))
    environment = Environment.objects.get()
    assert replicas() == {"east": 3, "north": 2}
    registry.update_cluster(cluster=north, labels={"region": "us"}, actor=operator)
    assert replicas() == {"east": 3, "north": 2}
    assert "north would be left" in said(environment)["PlacementStale"]["message"]
    place(environment, owner, **environment.placement)
    assert replicas() == {"east": 5}


def test_a_cordoned_cluster_keeps_its_part_and_gets_nothing_new(deploy, north, owner, operator):
    registry.cordon(cluster=north, actor=operator)
    made = deploy(**there(selector={"region": "eu"}, **DIVIDED))
    assert replicas() == {"east": 5}
    assert any("north matches but is left out" in note for note in made.notes)
    registry.uncordon(cluster=north, actor=operator)
    environment = Environment.objects.get()
    place(environment, owner, **environment.placement)
    registry.cordon(cluster=north, actor=operator)
    assert "PlacementStale" not in said(environment)
    place(environment, owner, **environment.placement)
    assert replicas() == {"east": 3, "north": 2}


def test_a_cluster_that_gets_a_gateway_makes_the_division_stale_but_changes_nothing(deploy, west, make_cluster):
    make_cluster("dark", gateway=False)
    deploy(**there(clusters=["dark", "east"], **DIVIDED))
    before = replicas()
    dark = Work.objects.filter(cluster__name="dark").first().cluster
    dark.facts["target"]["gateway"] = {"namespace": "dougong-gateway", "name": "public"}
    dark.save()
    assert replicas() == before
    assert "RenderStale" in said(Environment.objects.get())


def test_configuration_of_a_cluster_that_joins_comes_with_a_release(divided, north, owner, operator):
    edit = Edit(values={"GREETING_FROM": "north"})
    services.change_config(scope=scope_of(north), edit=edit, actor=operator)
    made = place(divided, owner, clusters=["east", "north", "west"], **DIVIDED)
    assert made.release is not None
    assert made.release.spec["config"]["north"] == {"GREETING_FROM": "north"}
    assert replicas() == {"east": 2, "north": 2, "west": 1}
    assert set(Work.objects.filter(name="application").values_list("release", flat=True)) == {"r2"}


def test_who_may_not_deploy_may_not_place(divided, viewer, stranger):
    for person, code in ((viewer, "permission_denied"), (stranger, "environment_not_found")):
        with pytest.raises(Refusal) as refused:
            place(divided, person, clusters=["east"])
        assert refused.value.code == code
    assert replicas() == {"east": 3, "west": 2}


def test_before_the_first_release_there_is_nothing_to_place(project, owner, east):
    environment = services.create_environment(project=project, application="hello", name="production", actor=owner)
    with pytest.raises(Refusal) as refused:
        place(environment, owner, clusters=["east"])
    assert refused.value.code == "not_deployed"


@pytest.mark.parametrize(
    "placement",
    [
        {"clusters": ["east"], "weights": {"east": 2}},
        {"clusters": ["east"], "replicas": "divided", "weights": {"west": 2}},
        {"clusters": ["east"], "replicas": "divided", "weights": {"east": 0}},
        {"clusters": ["east"], "replicas": "halved"},
    ],
)
def test_a_placement_that_makes_no_sense_is_refused(document, placement):
    with pytest.raises(ProblemsError):
        validate(document(environments={"production": placement}))


def test_a_preview_says_how_many_go_where_and_leaves_all_as_it_is(divided, north, owner):
    found = services.dry_run_placement(
        environment=divided, placement={"clusters": ["north", "west"], **DIVIDED}, actor=owner
    )
    [environment] = found.environments
    [spread] = environment.spread
    shown = {
        each.cluster: (each.before and each.before.least, each.after and each.after.least) for each in spread.parts
    }
    assert (spread.process, shown) == ("web", {"east": (3, None), "north": (None, 3), "west": (2, 2)})
    assert replicas() == {"east": 3, "west": 2}
    assert not AuditEvent.objects.filter(action="environment.placed").exists()
