"""`manage.py seed_applications`: whole applications, as many as asked for, also when it is run again."""

import pytest
from django.core.management import CommandError, call_command

from apps.models import Application, Release
from clusters.models import Work
from clusters.selectors import deliverable


def test_as_many_as_asked_for_and_no_more_the_second_time(admin, capsys):
    call_command("seed_applications", 3)
    call_command("seed_applications", 5)
    assert Application.objects.count() == Release.objects.count() == 5
    assert Work.objects.count() == 5 * 2 * 2
    assert not deliverable().exists()
    assert "5 applications" in capsys.readouterr().out


def test_on_a_cluster_that_is_there(admin, east):
    call_command("seed_applications", 1, cluster=["east"])
    assert {work.cluster.name for work in Work.objects.all()} == {"east"}


def test_not_by_accident(admin, settings):
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"mode": "production"})
    with pytest.raises(CommandError, match="production"):
        call_command("seed_applications", 1)
    assert not Application.objects.exists()


def test_somebody_must_be_there(db):
    with pytest.raises(CommandError, match="bootstrap"):
        call_command("seed_applications", 1)
