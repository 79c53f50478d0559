"""deploy, status, history, rollback, logs, retire."""

import json

import pytest
import typer

from paas.cli.output import Output

APPLICATION = "/api/v1/applications/a-1/"
FILE = """
name: hello
project: shop
image: registry.example/hello@sha256:{}
environments: {{prod: {{clusters: [east]}}}}
blocks: []
""".format("1" * 64)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "app.yaml"
    path.write_text(FILE)
    return str(path)


def work(health="Healthy", observed=2, objects=()):
    return {
        "name": "application",
        "generation": 2,
        "observed_generation": observed,
        "health": health,
        "conditions": [],
        "objects": list(objects),
    }


def state(*works, health="Healthy", name="prod", release=2):
    clusters = [{"name": "east", "works": list(works)}]
    return {"name": name, "release": release, "health": health, "conditions": [], "clusters": clusters}


def seen(*environments):
    return {"application": "hello", "environments": list(environments)}


WAITING = {"id": "Deployment/hello-web", "health": "Progressing", "reason": "Rollout", "message": "0 of 1 ready"}


def test_deploys_what_the_file_says(run, signed_in, file):
    path = "/api/v1/projects/shop/applications/hello/"
    answer = {"id": "a-1", "name": "hello", "project": "shop", "environments": [{"name": "prod", "release": 1}]}
    signed_in.on("PUT", path, answer)
    assert run("deploy", "-f", file, "--reason", "first", "-o", "json").json == answer
    [order] = signed_in.sent("PUT", path)
    assert order["reason"] == "first"
    assert order["appFile"]["environments"] == {"prod": {"clusters": ["east"]}}
    assert "environments" not in order


def test_says_what_a_deploy_left_out_without_touching_its_output(run, signed_in, file):
    answer = {"id": "a-1", "name": "hello", "project": "shop", "notes": ["prod: east has no gateway"]}
    signed_in.on("PUT", "/api/v1/projects/shop/applications/hello/", answer)
    got = run("deploy", "-f", file, "-o", "json")
    assert got.json == answer
    assert "east has no gateway" in got.err


def test_deploys_from_standard_input_and_one_environment_only(run, signed_in):
    path = "/api/v1/projects/shop/applications/hello/"
    signed_in.on("PUT", path, {"id": "a-1", "name": "hello", "project": {"name": "shop"}})
    assert run("deploy", "-f", "-", "-e", "prod", "-o", "name", stdin=FILE).out == "application/shop/hello\n"
    assert signed_in.sent("PUT", path)[0]["environments"] == ["prod"]


@pytest.mark.parametrize("text", ["a: &b 1\nc: *b", "[1, 2]", "name: hello", "\t: {", "name: 1\nproject: 2"])
def test_sends_nothing_of_a_file_that_is_none(run, signed_in, text):
    assert run("deploy", "-f", "-", stdin=text).code == 2
    assert signed_in.requests == []


def test_a_file_that_is_not_there(run, signed_in):
    assert run("deploy", "-f", "/nowhere/app.yaml").code == 2


def test_watches_until_all_is_healthy(run, signed_in, file, quick):
    signed_in.on("PUT", "/api/v1/projects/shop/applications/hello/", {"id": "a-1", "name": "hello", "project": "shop"})
    signed_in.on("GET", APPLICATION + "status/", seen(state(work("Healthy", observed=1))))
    signed_in.on(
        "GET", APPLICATION + "status/", seen(state(work("Progressing", objects=[WAITING]), health="Progressing"))
    )
    signed_in.on("GET", APPLICATION + "status/", seen(state(work())))
    got = run("deploy", "-f", file, "--watch")
    assert got.code == 0, got.err
    assert got.out.splitlines() == [
        "prod: Healthy release 2",
        "prod/east/application: Healthy 1/2",
        "prod: Progressing release 2",
        "prod/east/application: Progressing",
        "prod/east/application Deployment/hello-web: Progressing Rollout 0 of 1 ready",
        "prod: Healthy release 2",
        "prod/east/application: Healthy",
    ]


def test_watching_as_json_is_a_document_a_line(run, hello, signed_in, quick):
    signed_in.on("GET", APPLICATION + "status/", seen(state(work("Progressing"))))
    signed_in.on("GET", APPLICATION + "status/", seen(state(work("Progressing"))))
    signed_in.on("GET", APPLICATION + "status/", seen(state(work())))
    lines = run("status", "hello", "--watch", "-o", "json").out.splitlines()
    assert [json.loads(line)["environments"][0]["clusters"][0]["works"][0]["health"] for line in lines] == [
        "Progressing",
        "Healthy",
    ]


def test_watching_ends_at_its_deadline(run, hello, signed_in, quick):
    signed_in.on("GET", APPLICATION + "status/", seen(state(work("Progressing"))))
    got = run("status", "hello", "--watch", "--timeout", "30")
    assert got.code == 6
    assert 30 <= quick[0] < 33
    assert "Not all is healthy after 30 s" in got.err


def test_watching_outlives_a_control_plane_that_is_away_for_a_moment(run, hello, signed_in, quick):
    signed_in.on("GET", APPLICATION + "status/", {"code": "unavailable", "detail": "Later."}, status=503)
    signed_in.on("GET", APPLICATION + "status/", seen(state(work())))
    assert run("status", "hello", "--watch").code == 0


def test_watching_ends_as_unreachable_where_nobody_answers(run, hello, signed_in, quick):
    signed_in.on("GET", APPLICATION + "status/", {"code": "unavailable", "detail": "Later."}, status=503)
    assert run("status", "hello", "--watch", "--timeout", "30").code == 5


def test_nothing_placed_is_not_settled(run, hello, signed_in, quick):
    empty = {"name": "prod", "release": 2, "health": "Healthy", "conditions": [], "clusters": []}
    signed_in.on("GET", APPLICATION + "status/", seen(empty))
    assert run("status", "hello", "--watch", "--timeout", "5").code == 6


def test_a_failed_run_of_a_schedule_holds_up_nobody_who_waits_for_a_release(run, hello, signed_in, quick):
    ready = {"conditions": [{"type": "Ready", "status": "True", "reason": "Delivered", "message": "", "good": True}]}
    delivered = state({**work("Degraded"), **ready}, health="Degraded")
    signed_in.on("GET", APPLICATION + "status/", seen({**delivered, **ready}))
    signed_in.on("GET", APPLICATION + "status/", seen({**state(work("Degraded"), health="Degraded"), **ready}))
    assert run("status", "hello", "--watch", "--timeout", "5").code == 0
    assert run("status", "hello", "--watch", "--timeout", "5").code == 6


def test_watches_one_environment(run, hello, signed_in, quick):
    slow = state(work("Progressing"), name="dev", health="Progressing")
    signed_in.on("GET", APPLICATION + "status/", seen(state(work()), slow))
    assert run("status", "hello", "-e", "prod", "--watch").code == 0


def test_shows_a_tree_of_what_is_not_well(run, hello, signed_in):
    missing = {"type": "SecretUnavailable", "status": "True", "reason": "Missing", "message": "database"}
    broken = {**work("Progressing", observed=1, objects=[WAITING, {"id": "Service/hello", "health": "Healthy"}])}
    broken["conditions"] = [missing]
    signed_in.on("GET", APPLICATION + "status/", seen(state(broken, health="Progressing")))
    assert run("status", "hello").out.splitlines() == [
        "hello",
        "└── prod Progressing release 2",
        "    └── east Progressing",
        "        └── application Progressing generation 1/2",
        "            ├── SecretUnavailable=True Missing database",
        "            └── Deployment/hello-web Progressing Rollout 0 of 1 ready",
    ]


def test_whatever_the_loop_states_is_shown_and_each_line_has_its_place(run, hello, signed_in):
    refused = {"type": "ApplyFailed", "status": "True", "reason": "QuotaExceeded", "message": "Service/hello: no more"}
    away = {"type": "Reachable", "status": "False", "reason": "TimedOut", "message": "It does not answer."}
    well = {**away, "type": "IdentityConfirmed", "status": "True", "good": True}
    crashed = {**WAITING, "health": "Degraded", "reason": "CrashLoopBackOff", "message": "crashed\nno database"}
    broken = {**work("Degraded", objects=[crashed]), "conditions": [refused]}
    environment = state(broken, health="Degraded")
    environment["clusters"][0]["conditions"] = [{**away, "good": False}, well]
    signed_in.on("GET", APPLICATION + "status/", seen(environment))
    assert run("status", "hello").out.splitlines()[2:] == [
        "    └── east Degraded",
        "        ├── Reachable=False TimedOut It does not answer.",
        "        └── application Degraded",
        "            ├── ApplyFailed=True QuotaExceeded Service/hello: no more",
        "            └── Deployment/hello-web Degraded CrashLoopBackOff crashed",
        "                no database",
    ]


def test_status_as_json(run, hello, signed_in):
    body = seen(state(work()))
    signed_in.on("GET", APPLICATION + "status/", body)
    assert run("status", "shop/hello", "-o", "json").json == body
    assert signed_in.requests[0].query == {"name": "hello", "project": "shop"}


def test_an_application_that_is_not_there(run, hello):
    assert run("status", "other").code == 3
    assert run("status", "hello", "-e", "staging").code == 3


def test_the_same_name_in_two_projects(run, signed_in):
    both = [{"id": "1", "name": "hello", "project": "a"}, {"id": "2", "name": "hello", "project": {"name": "b"}}]
    signed_in.on("GET", "/api/v1/applications/", {"results": both})
    signed_in.on("GET", "/api/v1/applications/2/status/", seen())
    got = run("status", "hello")
    assert (got.code, "a/hello, b/hello" in got.err) == (2, True)
    assert run("status", "b/hello").code == 0


def test_lists_releases(run, hello, signed_in):
    release = {"id": "r-2", "number": 2, "environment": "prod", "image": "i@sha256:1", "created_by": "ann"}
    other = {**release, "id": "r-1", "number": 1, "environment": {"id": "e-2", "name": "dev"}, "reason": "try"}
    signed_in.on("GET", APPLICATION + "releases/", {"results": [release, other]})
    assert run("history", "hello", "-e", "dev", "-o", "json").json == [other]
    table = run("history", "hello").out.splitlines()
    assert table[1].split() == ["2", "prod", "i@sha256:1", "ann"]
    assert table[2].split() == ["1", "dev", "i@sha256:1", "ann", "try"]


def test_rolls_back(run, hello, signed_in):
    signed_in.on("POST", APPLICATION + "rollback/", {"id": "r-3"})
    assert run("rollback", "hello", "--to", "1", "-e", "prod", "--reason", "broken", "-o", "json").code == 0
    assert run("rollback", "hello", "-e", "prod").code == 0
    asked = [each for each in signed_in.requests if each.path == APPLICATION + "rollback/"]
    assert [(each.query, each.body) for each in asked] == [
        ({"dryRun": "true"}, {"environment": "prod", "release": "1", "reason": "broken"}),
        ({}, {"environment": "prod", "release": "1", "reason": "broken"}),
        ({"dryRun": "true"}, {"environment": "prod", "reason": ""}),
        ({}, {"environment": "prod", "reason": ""}),
    ]


SUCCESSOR = {"secrets": [{"name": "database", "version": 1, "successor": 3}]}


@pytest.mark.parametrize(("yes", "code", "sent"), [(True, 0, 2), (False, 2, 1)])
def test_a_rollback_shows_successors_of_revoked_secrets_and_asks(run, hello, signed_in, asked, yes, code, sent):
    signed_in.on("POST", APPLICATION + "rollback/", SUCCESSOR)
    questions = asked(yes)
    got = run("rollback", "hello", "-e", "prod", "-o", "name")
    assert (got.code, len(questions)) == (code, 1)
    assert "database v1 was revoked: v3 is used instead." in got.err
    assert len(signed_in.sent("POST", APPLICATION + "rollback/")) == sent


def test_a_rollback_without_successors_asks_nothing(run, hello, signed_in, asked):
    signed_in.on("POST", APPLICATION + "rollback/", {"secrets": []})
    questions = asked(False)
    assert run("rollback", "hello", "-e", "prod", "-o", "name").code == 0
    signed_in.on("POST", APPLICATION + "rollback/", SUCCESSOR)
    assert run("rollback", "hello", "-e", "prod", "--yes", "-o", "name").code == 0
    assert questions == []


def test_asks_which_environment_is_meant(run, hello, signed_in):
    got = run("rollback", "hello")
    assert (got.code, "prod" in got.err) == (2, True)
    assert signed_in.sent("POST", APPLICATION + "rollback/") == []


def test_prints_logs_line_by_line(run, hello, signed_in):
    said = b'data: {"cluster": "east", "pod": "web-1", "line": "one"}\n\ndata: plain\ndata: two\n\n'
    stream = b"retry: 2000\n\n: hi\n\n" + said
    signed_in.on("GET", "/api/v1/environments/e-1/logs/", stream, **{"Content-Type": "text/event-stream"})
    got = run("logs", "hello", "-f", "-e", "prod", "--process", "web", "--cluster", "east")
    assert got.out == "east/web-1 one\nplain\ntwo\n"
    assert signed_in.requests[-1].query == {"follow": "true", "process": "web", "cluster": "east"}


def test_a_refusal_in_the_stream_ends_it(run, hello, signed_in):
    stream = b'data: one\n\nevent: refused\ndata: {"status": 404, "code": "gone", "detail": "It is gone."}\n\n'
    signed_in.on("GET", "/api/v1/environments/e-1/logs/", stream, **{"Content-Type": "text/event-stream"})
    got = run("logs", "hello", "-e", "prod")
    assert (got.code, got.out, "It is gone." in got.err) == (3, "one\n", True)


def test_retires_with_its_name_only(run, hello, signed_in):
    signed_in.on("POST", APPLICATION + "retire/", {"id": "a-1"}, status=202)
    assert run("retire", "hello").code == 2
    assert run("retire", "hello", "--confirm", "hallo").code == 2
    assert signed_in.sent("POST", APPLICATION + "retire/") == []
    assert run("retire", "hello", "--confirm", "hello").code == 0
    assert signed_in.sent("POST", APPLICATION + "retire/") == [{"confirm": "hello"}]


def test_retires_one_environment_with_its_own_name(run, hello, signed_in):
    address = f"/api/v1/environments/{hello['environments'][0]['id']}/retire/"
    signed_in.on("POST", address, {"id": "e"}, status=202)
    assert run("retire", "hello", "-e", "prod", "--confirm", "hello").code == 2
    assert run("retire", "hello", "-e", "dev", "--confirm", "dev").code == 3
    assert signed_in.sent("POST", address) == []
    got = run("retire", "hello", "-e", "prod", "--confirm", "prod", "--reason", "moved", "-o", "name")
    assert (got.code, got.out) == (0, "environment/shop/hello/prod\n")
    assert signed_in.sent("POST", address) == [{"confirm": "prod", "reason": "moved"}]
    assert signed_in.sent("POST", APPLICATION + "retire/") == []


@pytest.mark.parametrize(("typed", "code"), [("prod", 0), ("hello", 2)])
def test_lists_what_goes_before_it_asks(run, hello, signed_in, monkeypatch, typed, code):
    address = f"/api/v1/environments/{hello['environments'][0]['id']}/retire/"
    volume = "/PersistentVolumeClaim/shop-hello-prod/hello-web-uploads"
    signed_in.on("GET", "/api/v1/works/", {"results": [{"id": "w-1", "cluster": "east"}], "next": None})
    signed_in.on("GET", "/api/v1/works/w-1/", {"id": "w-1", "objects": [{"id": volume}], "held": []})
    signed_in.on("POST", address, {"id": "e"}, status=202)
    monkeypatch.setattr(Output, "interactive", True)
    told = []
    monkeypatch.setattr(typer, "prompt", lambda text, err: (told.append(text), typed)[1])
    got = run("retire", "hello", "-e", "prod")
    assert (got.code, f"east {volume}" in got.err) == (code, True)
    assert told == ["This removes hello in prod and its data everywhere. Type prod"]
    assert [each.query["owner_name"] for each in signed_in.requests if each.path == "/api/v1/works/"] == [
        "shop/hello/prod"
    ]
    assert len(signed_in.sent("POST", address)) == (code == 0)


def test_lists_applications(run, hello, signed_in):
    hello["environments"][0] |= {"health": "Healthy", "clusters": ["east", "west"]}
    got = run("apps", "--project", "shop", "--health", "Healthy")
    assert got.out.splitlines()[1].split() == ["shop/hello", "prod", "Healthy", "2", "east,west"]
    assert signed_in.requests[-1].query == {"project": "shop", "health": "Healthy"}
    assert run("apps", "-o", "name").out == "application/shop/hello\n"
    assert run("apps", "-o", "json").json == [hello]


def test_an_application_without_environments_is_listed(run, signed_in):
    found = {"id": "a", "name": "new", "project": "shop", "state": "Active", "environments": []}
    signed_in.on("GET", "/api/v1/applications/", {"results": [found], "next": None})
    assert run("apps").out.splitlines()[1].split() == ["shop/new", "Active"]


def test_the_status_of_several(run, hello, signed_in):
    signed_in.on("GET", APPLICATION + "status/", {"application": "hello", "environments": []})
    got = run("status", "hello", "shop/hello")
    assert got.out.splitlines() == ["hello", "hello"]
    assert len(run("status", "hello", "hello", "-o", "json").json) == 2
    assert run("status", "hello", "hello", "-o", "name").out == "application/shop/hello\n" * 2
    assert run("status", "hello", "hello", "--watch").code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands(monkeypatch, capsys, shell):
    from paas.cli.main import main

    monkeypatch.setenv("_DOUGONG_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("COMP_WORDS", "dougong clus")
    monkeypatch.setenv("COMP_CWORD", "1")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "dougong clus")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    main([])
    assert "cluster" in capsys.readouterr().out


def test_what_runs_is_rendered_anew(run, signed_in):
    found = {"id": "a-1", "name": "hello", "project": "shop", "environments": [{"id": "e-1", "name": "prod"}]}
    signed_in.on("GET", "/api/v1/applications/", {"results": [found], "next": None})
    signed_in.on("POST", "/api/v1/environments/e-1/rerender/", {"notes": ["east has no gateway"]})
    got = run("rerender", "shop/hello", "--reason", "upgrade", "-o", "name")
    assert (got.code, got.out) == (0, "environment/prod\n")
    assert "east has no gateway" in got.err
    assert signed_in.sent("POST", "/api/v1/environments/e-1/rerender/") == [{"reason": "upgrade"}]
    assert run("rerender", "shop/hello", "-e", "test").code == 3
