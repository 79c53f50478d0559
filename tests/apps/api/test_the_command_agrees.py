"""The command `dougong` against this API over HTTP: deploy, status, history, rollback, secrets, retire."""

import json

import pytest

from apps.models import Application, Environment, Release, SecretVersion
from clusters.models import Work

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
