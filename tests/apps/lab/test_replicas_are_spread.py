"""Replicas on two real clusters: divided, kept through a cordon, moved; and a scaler whose window begins."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps import services
from apps.appfile import validate
from apps.models import Environment
from apps.selectors import scaling
from apps.services.timetable import turn_due
from clusters import registry
from clusters.manifests import ObjectId
from tests.apps.lab.site import WEB, Site, web


@pytest.fixture
def west(join):
    return join("west")


@pytest.fixture
def both(east, west, project, owner, image, until, admins):
    """both(count, **placement) deploys the process web; the application on each cluster, by its name."""

    def go(count, **placement):
        document = {
            "name": "hello", "project": project.name, "image": image,
            "environments": {"production": placement}, "blocks": [web(replicas=count)],
        }  # fmt: skip
        services.deploy(project=project, app_file=validate(document), actor=owner)
        environment = Environment.objects.select_related("application__project__team").get()
        return {name: Site(environment, until, name) for name in ("east", "west")}

    yield go
    for each in Environment.objects.all():
        for admin in admins.values():
            admin.delete(ObjectId("", "Namespace", "", each.namespace))


def spread(sites):
    """How many Pods are ready where."""
    return {name: len(site.ready()) for name, site in sites.items()}


def settled(sites, **wanted):
    """Drive the loop till there are so many Pods, no others, and all is well."""
    one = next(iter(sites.values()))
    one.until(lambda: one.is_healthy() and spread(sites) == wanted, minutes=2)
    assert {name: len(site.pods()) for name, site in sites.items()} == wanted


@pytest.mark.timeout(400)
def test_divided_cordoned_and_moved(both, owner, operator, west):
    sites = both(3, clusters=["east"], replicas="divided")
    settled(sites, east=3, west=0)
    first = set(sites["east"].pods())
    environment = sites["east"].environment

    def place(*clusters):
        placement = {"clusters": list(clusters), "replicas": "divided"}
        services.set_placement(environment=environment, placement=placement, actor=owner)

    place("east", "west")
    settled(sites, east=2, west=1)
    assert set(sites["east"].pods()) < first  # one has gone, the others were not replaced
    [moved] = sites["west"].pods()

    registry.cordon(cluster=west, actor=operator)
    place("east", "west")
    settled(sites, east=2, west=1)
    assert set(sites["west"].pods()) == {moved}

    place("west")
    settled(sites, east=0, west=3)
    assert moved in sites["west"].pods()


@pytest.mark.timeout(300)
def test_a_window_begins_and_only_the_number_of_pods_changes(bring):
    now = timezone.now()
    edges = [now + timedelta(minutes=minutes) for minutes in (2, 30)]
    start, end = (f"{each.minute} {each.hour} * * *" for each in edges)
    window = {"process": "web", "name": "soon", "start": start, "end": end, "min": 3, "max": 4}
    scaled = {"autoscale": {"process": "web", "min": 1, "max": 2}}
    site = bring(WEB, scaled, {"scale_window": window}, wait=False)
    site.until(lambda: len(site.ready()) == 1)
    [first] = site.pods()
    before = site.object("deployment", "hello-web")["spec"]["template"]

    def turned():
        turn_due()
        return len(site.ready()) == 3

    site.until(turned, minutes=4)
    spec = site.object("hpa", "hello-web")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 4)
    assert first in site.pods()
    assert site.object("deployment", "hello-web")["spec"]["template"] == before

    def told():
        [seen] = scaling(site.environment)["horizontal"]
        return seen["current"] == 3 and any("New size: 3" in each["message"] for each in seen["decisions"])

    site.until(told, minutes=2)
