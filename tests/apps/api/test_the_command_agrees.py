"""The command `dougong` against this API over HTTP: deploy, status, history, rollback, secrets, retire."""

import json

import pytest

from apps.models import Application, Environment, Release, SecretVersion
from clusters.models import OwnedObject, Work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def said(dougong):
    """said(user)("status", "hello") → (exit code, all that it printed)."""

    def speak_as(user):
        def run(*arguments):
            code, out, err = dougong(user)(*arguments)
            return code, out + err

        return run

    return speak_as


@pytest.fixture
def file(tmp_path, document):
    path = tmp_path / "app.yaml"

    def write(**fields):
        path.write_text(json.dumps(document(**fields)))
        return str(path)

    return write


def test_from_deploy_to_retirement(said, owner, project, east, file):
    run = said(owner)
    code, out = run("deploy", "-f", file(), "--reason", "first")
    assert code == 0, out
    assert "release 1" in out
    Work.objects.update(health="Healthy", observed_generation=1)
    code, out = run("status", "demo/hello", "--watch", "--timeout", "5")
    assert code == 0, out
    assert run("deploy", "-f", file(greeting="hi"))[0] == 0
    code, out = run("history", "hello", "-o", "json")
    assert [each["number"] for each in json.loads(out)] == [2, 1]
    code, out = run("rollback", "hello", "--to", "1", "--reason", "it broke")
    assert code == 0, out
    assert Release.objects.get(number=3).rolled_back_to.number == 1
    code, out = run("secret", "set", "hello", "database", "DATABASE_URL=canary")
    assert code == 0, out
    assert "canary" not in out
    assert SecretVersion.objects.get().keys == ["DATABASE_URL"]
    code, out = run("secret", "list", "hello")
    assert (code, out.splitlines()[1].split()[:5]) == (0, ["database", "v1", "0", "min", "-"]), out
    assert run("retire", "hello", "--confirm", "hello")[0] == 0
    assert Application.objects.get().state == "Retiring"


def test_what_is_wrong_is_said_with_its_place(said, owner, project, east, file):
    code, out = said(owner)("deploy", "-f", file(image="hello:latest"))
    assert code == 1
    assert "image" in out
    assert "by digest" in out
    assert not Environment.objects.exists()


def test_what_would_change_is_shown_and_not_done(said, owner, project, east, file):
    run = said(owner)
    code, out = run("diff", "-f", file(), "--exit-code")
    assert code == 7, out
    assert "+ Deployment/hello-web" in out
    assert not Release.objects.exists()
    assert run("deploy", "-f", file())[0] == 0
    assert run("diff", "-f", file(), "--exit-code")[0] == 0
    code, out = run("deploy", "-f", file(greeting="hi"), "--dry-run")
    assert code == 0, out
    assert '+ GREETING: "hi"' in out
    assert Release.objects.count() == 1


def test_what_one_may_not(said, viewer, stranger, project, east, file):
    assert said(viewer)("deploy", "-f", file())[0] == 1
    assert said(stranger)("deploy", "-f", file())[0] == 3


def test_runs_a_schedule_now(said, owner, project, east, file):
    run = said(owner)
    report = {"name": "report", "schedule": "0 3 * * *", "cpu": "50m", "memory": "64Mi"}
    assert run("deploy", "-f", file(blocks=[{"schedule": report}]))[0] == 0
    code, out = run("run", "hello", "report", "-o", "json", "--reason", "asked for")
    assert code == 0, out
    assert json.loads(out) == {"number": 1, "job": "hello-report-run-1", "clusters": ["east"]}
    code, out = run("run", "demo/hello", "report")
    assert (code, "schedule_running" in out) == (4, True)
    assert run("run", "hello", "nightly")[0] == 3
    code, out = run("runs", "hello", "report", "-o", "json")
    assert (code, json.loads(out)[0]["cron"]) == (0, "0 3 * * *")
    assert json.loads(run("runs", "hello", "nightly", "-o", "json")[1]) == []


def test_a_secret_from_its_first_version_to_its_revocation(said, owner, project, east, file):
    run = said(owner)
    assert run("deploy", "-f", file())[0] == 0
    assert run("secret", "set", "hello", "database", "DATABASE_URL=canary", "--max-age", "30")[0] == 0
    assert run("deploy", "-f", file(blocks=[{"secret": {"name": "database"}}]))[0] == 0
    code, out = run("secret", "revoke", "hello", "database", "--yes")
    assert (code, "secret_in_use" in out) == (4, True), out
    assert run("secret", "set", "hello", "database", "DATABASE_URL=another")[0] == 0
    code, out = run("secret", "revoke", "hello", "database", "--version", "1", "--dry-run")
    assert (code, "v1 is used by r2 of 'hello/production' on east" in out) == (0, True), out
    assert not SecretVersion.objects.exclude(revoked_at=None).exists()
    code, out = run("secret", "revoke", "hello", "database", "--version", "1", "--yes", "--reason", "leaked")
    assert (code, "release 3" in out) == (0, True), out
    assert Release.objects.get(number=3).secrets == {"database": 2}
    code, out = run("secret", "list", "hello", "database", "-o", "json")
    assert [each["revoked_at"] is None for each in json.loads(out)["versions"]] == [True, False]
    code, out = run("rollback", "hello", "--to", "2")
    assert (code, "database v1 was revoked: v2 is used instead." in out) == (4, False), out
    assert run("deploy", "-f", file(greeting="hi", blocks=[{"secret": {"name": "database"}}]))[0] == 0
    code, out = run("rollback", "hello", "--to", "2")
    assert (code, "database v1 was revoked: v2 is used instead." in out) == (0, True), out
    assert "canary" not in out


def divided(*clusters, replicas=5):
    """Environments of an app file that divide."""
    web = {"process": {"name": "web", "cpu": "50m", "memory": "64Mi", "replicas": replicas}}
    return {"environments": {"production": {"clusters": list(clusters), "replicas": "divided", "blocks": [web]}}}


def test_how_replicas_would_be_spread_and_are(said, owner, project, east, west, file):
    run = said(owner)
    code, out = run("placement", "preview", "-f", file(**divided("east", "west")))
    assert code == 0, out
    rows = {tuple(line.split()[:5]) for line in out.splitlines()}
    assert {("production", "web", "east", "-", "3"), ("production", "web", "west", "-", "2")} <= rows
    assert not Release.objects.exists()
    code, out = run("placement", "preview", "-f", file(**divided("east", "west", replicas=1)))
    assert (code, "too_few_to_divide" in out) == (1, True)
    assert run("deploy", "-f", file(**divided("east", "west")))[0] == 0
    code, out = run("placement", "show", "hello")
    assert code == 0, out
    assert "divided" in out
    rows = {tuple(line.split()[:3]) for line in out.splitlines()}
    assert {("web", "east", "3"), ("web", "west", "2")} <= rows


def test_places_elsewhere_by_its_options(said, owner, project, east, west, file):
    run = said(owner)
    assert run("deploy", "-f", file(**divided("east", "west")))[0] == 0
    code, out = run("placement", "set", "hello", "--weight", "east=4", "--dry-run", "-o", "name")
    assert (code, out.split("\n")[:2]) == (0, ["production/web/east=4", "production/web/west=1"])
    assert Environment.objects.get().placement == {"clusters": ["east", "west"], "replicas": "divided"}
    code, out = run("placement", "set", "hello", "--weight", "east=4", "--reason", "more room there")
    assert code == 0, out
    assert "its next deploy follows the file" in out
    placement = {"clusters": ["east", "west"], "replicas": "divided", "weights": {"east": 4}}
    assert Environment.objects.get().placement == placement
    assert run("placement", "set", "hello", "--cluster", "west")[0] == 0
    assert Environment.objects.get().placement == {"clusters": ["west"], "replicas": "divided"}
    Work.objects.filter(intent="retired").delete()
    assert run("placement", "set", "hello", "--selector", "region=eu", "--duplicated")[0] == 0
    assert Environment.objects.get().placement == {"selector": {"region": "eu"}, "replicas": "duplicated"}
    assert run("placement", "set", "hello", "--cluster", "a", "--selector", "b=c")[0] == 2
    code, out = run("placement", "set", "hello", "--cluster", "moon")
    assert (code, "cluster_unknown" in out) == (1, True)


def test_shows_how_it_is_scaled(said, owner, project, east, file):
    run = said(owner)
    window = {"process": "web", "name": "office", "start": "0 8 * * *", "end": "0 18 * * *", "min": 4, "max": 8}
    blocks = [{"autoscale": {"process": "web", "min": 2, "max": 10}}, {"scale_window": window}]
    assert run("deploy", "-f", file(blocks=blocks))[0] == 0
    code, out = run("scaling", "hello")
    assert code == 0, out
    assert "cpu 80 % (now not known)" in out
    assert "Window office" in out
    assert "4 to 8 from 0 8 * * * to 0 18 * * * in Etc/UTC" in out
    assert run("scaling", "hello", "-o", "name")[1].strip() == "east/web"


def test_a_held_volume_is_listed_and_let_go(said, owner, viewer, project, east, file):
    run = said(owner)
    assert run("deploy", "-f", file())[0] == 0
    work = Work.objects.select_related("cluster").get(name="application")
    oid = f"core/PersistentVolumeClaim/{Environment.objects.get().namespace}/hello-data"
    OwnedObject.objects.create(work=work, cluster=work.cluster, api_version="v1", claim="c", oid=oid)
    Work.objects.filter(pk=work.pk).update(reported={"PruneHeld": [{"id": oid}]})
    code, out = run("held", "list")
    assert code == 0, out
    assert "PersistentVolumeClaim/hello-data  demo/hello/production  east" in out
    release = ("held", "release", "demo/hello/production", "PersistentVolumeClaim/hello-data")
    code, out = run(*release, "--confirm", "hello")
    assert (code, "not_confirmed" in out) == (1, True)
    assert said(viewer)(*release, "--confirm", "hello-data")[0] == 1
    work.refresh_from_db()
    assert work.retirement == []
    code, out = run(*release, "--confirm", "hello-data", "--reason", "the data is elsewhere")
    assert code == 0, out
    work.refresh_from_db()
    assert work.retirement == [oid]
    assert "let go, about to be deleted" in run("held", "list", "demo/hello/production")[1]
    assert run("held", "release", "demo/hello/production", "PersistentVolumeClaim/other", "--confirm", "x")[0] == 3
