"""The audit trail by the command."""

AUDIT = "/api/v1/audit/"
EVENT = {
    "id": 7, "number": 5, "at": "2026-11-28T16:20:00Z", "actor_name": "olga", "action": "team.renamed",
    "outcome": "done", "object_name": "shop", "reason": "", "before": {"title": "a"}, "after": {"title": "b"},
}  # fmt: skip


def test_a_search_is_the_server_s(signed_in, run):
    signed_in.on("GET", AUDIT, {"next": None, "results": [EVENT, {**EVENT, "id": 6, "outcome": "refused"}]})
    ran = run("audit", "list", "--actor", "olga", "--action", "team.", "--refused", "--limit", "1")
    assert ran.code == 0
    assert "team.renamed" in ran.out
    assert "(refused)" not in ran.out
    query = signed_in.requests[-1].query
    assert query == {"actor": "olga", "action": "team.", "outcome": "refused", "limit": "1"}


def test_an_event_is_shown_whole(signed_in, run):
    signed_in.on("GET", f"{AUDIT}7/", EVENT)
    assert '{"title": "b"}' in run("audit", "show", "7").out


def test_an_export_is_written_as_its_name_says(signed_in, run, tmp_path):
    signed_in.on("GET", f"{AUDIT}export/", b"id,at\r\n")
    ran = run("audit", "export", str(tmp_path / "x.csv"), "--object", "shop")
    assert ran.code == 0
    assert (tmp_path / "x.csv").read_bytes() == b"id,at\r\n"
    assert signed_in.requests[-1].query == {"as": "csv", "object": "shop"}


def test_an_export_that_is_refused_leaves_no_file(signed_in, run, tmp_path):
    signed_in.on("GET", f"{AUDIT}export/", {"code": "operator_required", "detail": "no", "status": 403}, 403)
    assert run("audit", "export", str(tmp_path / "x.jsonl")).code != 0
    assert not (tmp_path / "x.jsonl").exists()


def test_verifying_reads_to_the_end(signed_in, run):
    part = {"unsealed": 2, "fault": None}
    signed_in.on("GET", f"{AUDIT}verification/", {**part, "number": 20000, "heads": 3, "more": True})
    signed_in.on("GET", f"{AUDIT}verification/", {**part, "number": 20100, "heads": 1, "more": False})
    ran = run("audit", "verify", "-o", "json")
    assert ran.code == 0
    assert '"heads": 4' in ran.out
    assert signed_in.requests[-1].query == {"after": "20000"}


def test_what_does_not_fit_is_named_and_ends_in_a_failure(signed_in, run):
    fault = {"number": 5, "event": 7, "what": "was changed"}
    signed_in.on(
        "GET", f"{AUDIT}verification/", {"number": 4, "heads": 0, "more": False, "unsealed": 0, "fault": fault}
    )  # fmt: skip
    ran = run("audit", "verify")
    assert ran.code != 0
    assert "Event 5 (id 7) was changed" in ran.err


CLICK = {
    "change": {"owner_name": "shop", "cluster": "east", "name": "application", "generation": 3, "at": "now"},
    "events": [
        {**EVENT, "how": "token dgt_1", "address": "10.0.0.1", "right": {"through": "group g"}, "request_id": "r"}
    ],
    "ours": False,
    "calls": [{"verb": "apply", "uid": "u-1", "resource_version": "42", "at": "then"}],
}  # fmt: skip
OBJECT = """
kind: Deployment
metadata: {name: web, uid: u-1, labels: {dougong.dev/work: w-1}, annotations: {dougong.dev/generation: "3"}}
"""


def test_a_live_object_names_its_click(signed_in, run):
    signed_in.on("GET", "/api/v1/whodid/", CLICK)
    ran = run("whodid", "-", stdin=OBJECT)
    assert signed_in.requests[-1].query == {"work": "w-1", "generation": "3", "uid": "u-1"}
    assert "olga (token dgt_1, 10.0.0.1)" in ran.out
    assert "then apply, resourceVersion 42" in ran.out
    assert "labels may have been copied" in ran.out


def test_a_list_of_objects_is_asked_one_by_one(signed_in, run):
    signed_in.on("GET", "/api/v1/whodid/", CLICK)
    items = "\n".join(f"- {line}" if line.startswith("kind") else f"  {line}" for line in OBJECT.strip().splitlines())
    assert len(run("whodid", "-", "-o", "json", stdin=f"kind: List\nitems:\n{items}\n{items}\n").json) == 2


def test_what_was_not_written_by_dougong_is_said_so(signed_in, run):
    ran = run("whodid", stdin="kind: Pod\nmetadata: {name: web-1}\n")
    assert ran.code != 0
    assert "Pod web-1 was not written by Dougong" in ran.err


def test_what_is_no_object_is_refused(signed_in, run, tmp_path):
    for text in ("", "[1, 2]", "a: [", "kind: List\nitems: []"):
        assert run("whodid", "-", stdin=text).code != 0
    assert "cannot be read" in run("whodid", str(tmp_path / "none")).err


def test_a_click_lists_what_was_written_for_it(signed_in, run):
    calls = [
        {"verb": verb, "uid": "u-1", "resource_version": version, "at": "then"}
        for verb, version in (("apply", "42"), ("apply", "57"))
    ]
    its = {"cluster": "east", "work": "web", "generation": 3, "uid": "u-1", "resource_version": "60"}
    signed_in.on(
        "GET",
        "/api/v1/audit/7/objects/",
        [
            {**its, "object": "apps/Deployment/shop/web", "health": "Healthy", "calls": calls},
            {**its, "object": "core/Service/shop/web", "health": "", "calls": []},
        ],
    )
    lines = [line.split() for line in run("audit", "objects", "7").out.splitlines()[1:]]
    assert lines == [
        ["east", "apps/Deployment/shop/web", "3", "Healthy", "apply", "u-1", "42", "then"],
        ["east", "apps/Deployment/shop/web", "3", "Healthy", "apply", "u-1", "57", "then"],
        ["east", "core/Service/shop/web", "3", "-", "-", "-", "-"],
    ]
