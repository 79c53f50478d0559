"""The command `dougong` against this API over HTTP: deploy, status, history, rollback, secrets, retire."""

import json

import pytest

from apps.models import Application, Environment, Release, SecretVersion
from clusters.models import Work
from paas.cli.main import main
from paas.identity import services as identity

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dougong(live_server, monkeypatch, tmp_path, capsys):
    """dougong(user)("status", "hello") → (exit code, output)."""
    monkeypatch.setenv("DOUGONG_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("DOUGONG_SERVER", live_server.url)

    def speak_as(user):
        token, _ = identity.create_token(user=user, name="test", actor=user)

        def run(*arguments):
            monkeypatch.setenv("DOUGONG_TOKEN", token)
            capsys.readouterr()
            code = main(list(arguments))
            out, err = capsys.readouterr()
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


def test_from_deploy_to_retirement(dougong, owner, project, east, file):
    run = dougong(owner)
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
    assert run("retire", "hello", "--confirm", "hello")[0] == 0
    assert Application.objects.get().state == "Retiring"


def test_what_is_wrong_is_said_with_its_place(dougong, owner, project, east, file):
    code, out = dougong(owner)("deploy", "-f", file(image="hello:latest"))
    assert code == 1
    assert "image" in out
    assert "by digest" in out
    assert not Environment.objects.exists()


def test_what_would_change_is_shown_and_not_done(dougong, owner, project, east, file):
    run = dougong(owner)
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


def test_what_one_may_not(dougong, viewer, stranger, project, east, file):
    assert dougong(viewer)("deploy", "-f", file())[0] == 1
    assert dougong(stranger)("deploy", "-f", file())[0] == 3


def test_runs_a_schedule_now(dougong, owner, project, east, file):
    run = dougong(owner)
    report = {"name": "report", "schedule": "0 3 * * *", "cpu": "50m", "memory": "64Mi"}
    assert run("deploy", "-f", file(blocks=[{"schedule": report}]))[0] == 0
    code, out = run("run", "hello", "report", "-o", "json", "--reason", "asked for")
    assert code == 0, out
    assert json.loads(out) == {"number": 1, "job": "hello-report-run-1", "clusters": ["east"]}
    code, out = run("run", "demo/hello", "report")
    assert (code, "schedule_running" in out) == (4, True)
    assert run("run", "hello", "nightly")[0] == 3
