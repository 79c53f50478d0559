"""`dougong config …` against this API over HTTP."""

import json

import pytest
import yaml

from apps.models import Application, ConfigProposal, Environment, Release

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two(deploy, west):
    return deploy(environments={"production": {"clusters": ["east"]}, "staging": {"clusters": ["west"]}})


def test_set_shows_what_is_released(dougong, owner, two):
    run = dougong(owner, "config")
    code, out, err = run("set", "project/demo", "LEVEL=info", "URL=http://${LEVEL}/", "--dry-run")
    assert (code, Release.objects.count()) == (0, 2), err
    assert "demo/hello/production" in out
    code, out, err = run("set", "project/demo", "LEVEL=info", "--reason", "less noise")
    assert code == 0, err
    assert out.split("\n")[-3].split() == ["demo/hello/production", "2", "east", "LEVEL", "-", "info"]
    assert Release.objects.get(environment__name="staging", number=2).reason == "config LEVEL changed: less noise"
    code, out, _ = run("set", "team/crew", "LEVEL=x", "-o", "json")
    assert json.loads(out)["releases"] == []
    code, out, _ = run("unset", "project/demo", "LEVEL", "-o", "name")
    assert out.split() == ["environment/demo/hello/production", "environment/demo/hello/staging"]
    assert run("set", "team/crew", "LEVEL=y", "--no-release", "-o", "name")[1] == ""


def test_a_value_from_a_file(dougong, owner, project, tmp_path):
    path = tmp_path / "value"
    path.write_text("two\nlines = 1\n")
    run = dougong(owner, "config")
    assert run("set", "project/demo", "--from-file", f"TEXT={path}")[0] == 0
    assert json.loads(run("list", "project/demo", "-o", "json")[1])["keys"][0]["value"] == "two\nlines = 1\n"


def test_list_and_history(dougong, owner, viewer, project):
    run = dougong(owner, "config")
    run("set", "project/demo", "LEVEL=info", "--reason", "first")
    run("declare", "project/demo", "LEVEL", "--choice", "info", "--choice", "debug", "--required")
    code, out, err = dougong(viewer, "config")("list", "project/demo")
    assert code == 0, err
    assert out.split("\n")[1].split()[:4] == ["LEVEL", "info", "info|debug,", "required"]
    assert run("list", "project/demo", "-o", "name")[1] == "project/demo/LEVEL\n"
    code, out, err = run("history", "project/demo", "LEVEL", "-o", "yaml")
    assert [each["version"] for each in yaml.safe_load(out)] == [2, 1], err
    assert "first" in run("history", "project/demo")[1]
    code, _, err = run("set", "project/demo", "LEVEL=loud")
    assert (code, "config_value_wrong" in err, "one of info, debug" in err) == (1, True, True)
    assert run("declare", "project/demo", "LEVEL", "--remove")[0] == 0
    assert run("set", "project/demo", "LEVEL=loud")[0] == 0


def test_explain_and_compare(dougong, owner, two):
    run = dougong(owner, "config")
    run("set", "team/crew", "LEVEL=info", "GREETING=hidden")
    run("set", "environment/demo/hello/staging", "LEVEL=debug", "--no-release")
    code, out, err = run("explain", "hello", "LEVEL", "-e", "staging")
    assert code == 0, err
    row = out.split("\n")[1]
    assert row.split()[:5] == ["west", "LEVEL", "debug", "environment/demo/hello/staging", "team/crew=info"]
    assert "released is info: waits for the next deploy" in row
    assert "config sets it for web, and wins" in run("explain", "hello", "-e", "production")[1]
    assert run("explain", "hello", "-e", "staging", "-o", "name")[1].split() == ["GREETING", "LEVEL"]
    assert json.loads(run("explain", "hello", "-e", "staging", "--cluster", "east", "-o", "json")[1]) == []
    code, out, err = run("compare", "demo/hello", "production", "staging")
    assert code == 0, err
    assert [line.split() for line in out.splitlines()] == [
        ["KEY", "demo/hello/production", "demo/hello/staging"],
        ["LEVEL", "info", "debug"],
    ]
    assert run("compare", "hello", "production", "staging", "--all", "-o", "name")[1].split() == ["GREETING", "LEVEL"]
    assert run("compare", "hello", "production", "none")[0] == 3


def test_proposals(dougong, owner, person, team, two):
    run, second = dougong(owner, "config"), dougong(person("sofia", team, "owner"), "config")
    run("declare", "team/crew", "LIMIT", "--type", "integer", "--protected")
    code, out, err = run("set", "team/crew", "LIMIT=20", "--reason", "more guests")
    assert (code, "Proposed" in out) == (0, True), err
    proposal = str(ConfigProposal.objects.get().pk)
    code, out, _ = second("proposals")
    assert (proposal in out, "team/crew" in out, "- → 20" in out) == (True, True, True)
    assert run("accept", proposal)[0] == 1
    code, out, err = second("accept", f"proposal/{proposal}", "--reason", "yes")
    assert code == 0, err
    assert Release.objects.filter(number=2).count() == 2
    assert "olga, sofia" in run("list", "team/crew")[1]
    assert second("proposals", "team/crew", "-o", "name")[1] == ""
    assert second("proposals", "--all", "-o", "name")[1] == f"proposal/{proposal}\n"
    run("unset", "team/crew", "LIMIT")
    last = str(ConfigProposal.objects.first().pk)
    assert second("refuse", last, "--reason", "no")[0] == 0
    assert ConfigProposal.objects.get(pk=last).state == "Refused"


@pytest.mark.parametrize("layer", ["crew", "planet/earth", "platform/x", "team", "team/"])
def test_what_is_no_layer(dougong, owner, team, layer):
    code, _, err = dougong(owner, "config")("list", layer)
    assert (code, "is no layer" in err) == (2, True)


def test_what_is_no_value(dougong, owner, project):
    run = dougong(owner, "config")
    assert run("set", "project/demo")[0] == 2
    assert run("set", "project/demo", "LEVEL")[0] == 2
    assert run("set", "project/demo", "=x")[0] == 2
    assert run("unset", "project/demo", "LEVEL")[0] == 3
    assert not Application.objects.exists()
    assert not Environment.objects.exists()
