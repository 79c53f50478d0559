"""Schedules that a real cluster runs by its clock: what is told of runs that fail, and what goes on."""

import pytest

from apps.models import EnvironmentStatus
from tests.apps.lab.site import example

KEPT = {"config": {"values": {"A": "1"}}}
OTHER = {"config": {"values": {"A": "2"}}}


def each_minute(script):
    return example("schedule", schedule="* * * * *", command=["sh", "-c", script])


def status(site):
    return EnvironmentStatus.objects.get(pk=site.environment.pk)


def said(site):
    return {each["type"]: each for each in status(site).conditions}


@pytest.mark.timeout(720)  # it waits for full minutes of the clock, several times
def test_a_run_that_fails_is_told_and_holds_up_no_release(bring):
    site = bring(each_minute("exit 3"), KEPT)
    site.until(lambda: site.rows()["CronJob/hello-report"].reason == "LastRunFailed", minutes=3)
    assert (status(site).health, said(site)["Ready"]["status"]) == ("Degraded", "True")
    assert "none has succeeded yet" in said(site)["LastRunFailed"]["message"]
    before = {*site.objects("configmaps")} - {"kube-root-ca.crt"}

    # The next release settles and removes what it replaces, in whichever minute it comes.
    site = bring(each_minute("exit 3"), OTHER, wait=False)
    work = site.works().get(name="application")
    assert work.settled_generation < work.generation
    site.until(lambda: site.works().filter(pk=work.pk, settled_generation=work.generation).exists())
    site.until(lambda: not before & {*site.objects("configmaps")}, minutes=3)  # a run that has ended still names it

    # A run that succeeds is the end of it.
    site = bring(each_minute("true"), OTHER, wait=False)
    site.until(lambda: "succeeded at" in site.rows()["CronJob/hello-report"].message, minutes=3)
    site.until(lambda: (status(site).health, [*said(site)]) == ("Healthy", ["Ready"]))
