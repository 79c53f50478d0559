"""Each cluster of an environment's card says whether what lives there is as declared."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clusters.models import ApiCall, Work, WorkChange
from paas.core.moments import when

READY = {"type": "Ready", "status": "True", "reason": "Healthy", "message": "all is well"}
FOUGHT = {"type": "FieldFought", "status": "True", "reason": "SetBack", "message": "spec.replicas is set back"}
SINCE = {"lastTransitionTime": "2026-01-01T00:00:00+00:00"}


@pytest.fixture
def application(deploy, west):
    made = deploy(clusters=["east", "west"]).application
    for work in Work.objects.all():
        settle(work)
    return made


def settle(work, *conditions):
    Work.objects.filter(pk=work.pk).update(
        observed_generation=work.generation, health="Healthy", conditions=[{**READY, **SINCE}, *conditions]
    )


def take(work, oid, *, ago, generation=None, verb="apply"):
    """The cluster takes a write."""
    ApiCall.objects.create(
        work_id=work.pk, generation=generation or work.generation, oid=oid, verb=verb, uid="u", resource_version="1",
        at=timezone.now() - timedelta(minutes=ago),
    )  # fmt: skip


def on(cluster):
    return Work.objects.get(cluster__name=cluster, name="application")


def asked(work):
    """What the present generation asked for."""
    return WorkChange.objects.get(work_id=work.pk, generation=work.generation).changed


@pytest.fixture
def badges(client, application, viewer):
    """badges() → {"east": "As declared", …}, "" where there is none."""

    def read():
        client.force_login(viewer)
        answer = client.get(reverse("admin:applications_application_change", args=[application.pk]))
        [card] = answer.context["environments"]
        return {
            each["name"]: " ".join(re.sub(r"<span[^>]*symbols[^>]*>[^<]*</span>|<[^>]*>", " ", each["drift"]).split())
            for each in card["clusters"]
        }

    return read


def last():
    """The moment of the latest call, as the console tells it."""
    return when(ApiCall.objects.latest("at").at)


def test_what_was_written_once_for_the_change_is_as_declared(badges):
    for oid in asked(on("east")):
        take(on("east"), oid, ago=9)
    assert badges() == {"east": "As declared", "west": "As declared"}


def test_the_second_write_of_the_same_is_a_repair(badges):
    work = on("east")
    for ago in (90, 3):
        take(work, asked(work)[0], ago=ago)
    assert badges() == {"east": f"Repaired {last()}", "west": "As declared"}


def test_so_is_a_write_of_what_the_change_left_alone(badges, deploy):
    """It was asked for by an earlier generation, and written then."""
    deploy(clusters=["east", "west"], greeting="hi")
    work = on("west")
    for each in Work.objects.all():
        settle(each)
    alone = next(oid for oid in WorkChange.objects.get(work_id=work.pk, generation=1).changed if oid not in asked(work))
    take(work, alone, ago=90, generation=1)
    assert badges()["west"] == "As declared"
    take(work, alone, ago=0)
    assert badges() == {"east": "As declared", "west": f"Repaired {last()}"}


def test_repairs_of_what_is_desired_no_longer_are_past(badges, deploy):
    work = on("east")
    for ago in (90, 80):
        take(work, asked(work)[0], ago=ago)
    deploy(clusters=["east", "west"], greeting="hi")
    for each in Work.objects.all():
        settle(each)
    assert badges()["east"] == "As declared"


def test_what_somebody_sets_back_each_time_is_fought_over(badges):
    settle(on("east"), {**FOUGHT, **SINCE})
    assert badges()["east"] == "Fought over"


def test_nothing_is_claimed_before_it_was_looked_at(badges, deploy):
    deploy(clusters=["east", "west"], greeting="hi")
    assert badges() == {"east": "", "west": ""}


def test_nothing_is_claimed_of_what_could_not_be_written(badges):
    settle(on("east"), {**FOUGHT, **SINCE, "type": "ApplyFailed"})
    assert badges()["east"] == ""


def test_one_query_however_many_clusters(application, django_assert_num_queries):
    from apps.admin.drift import repairs_of
    from apps.selectors import status

    found = status(application)
    with django_assert_num_queries(1):
        repairs_of(found)
