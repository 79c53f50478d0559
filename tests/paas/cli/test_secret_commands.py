"""secret set, list, revoke."""

import pytest

SECRETS = "/api/v1/environments/e-1/secrets/"
DATABASE = SECRETS + "database/"


def secret(**fields):
    found = {
        "name": "database",
        "version": 2,
        "in_force": True,
        "keys": ["URL"],
        "store": None,
        "remote": {},
        "created_at": "2026-11-24T10:00:00Z",
        "created_by": "olga",
        "age_seconds": 8 * 86_400,
        "max_age_days": None,
        "overdue": False,
        "released": 2,
    }
    return {**found, **fields}


OVERDUE = ["overdue:", "older", "than", "1", "d;", "the", "next", "deploy", "takes", "it"]
VERSION = {"version": 1, "keys": ["URL"], "created_at": "2026-11-01T10:00:00Z", "created_by": None}
DETAIL = secret(versions=[{**VERSION, "max_age_days": None, "revoked_at": "2026-11-02T10:00:00Z"}])
FORESEEN = {"changed": True, "environments": [], "secrets": [], "notes": ["database v1 would be revoked."]}
REVOKED = {"name": "database", "versions": [1], "used": [], "release": 4, "notes": ["east has no gateway"]}


def test_stores_a_secret_and_prints_no_value(run, hello, signed_in, tmp_path):
    signed_in.on("PUT", DATABASE, {"name": "database", "version": 2})
    (tmp_path / "key.pem").write_text("k3y\n")
    files = ["--from-file", f"KEY={tmp_path}/key.pem", "--from-file", "PIPED=-"]
    got = run("secret", "set", "hello", "database", "URL=p0stgres", "-e", "prod", *files, stdin="p1ped")
    assert got.code == 0, got.err
    assert signed_in.sent("PUT", DATABASE) == [{"values": {"URL": "p0stgres", "KEY": "k3y\n", "PIPED": "p1ped"}}]
    assert not any(value in got.out + got.err for value in ("p0stgres", "k3y", "p1ped"))


def test_a_new_version_is_made_for_the_one_that_was_read(run, hello, signed_in):
    signed_in.on("GET", DATABASE, DETAIL, ETag='"7"')
    signed_in.on("PUT", DATABASE, DETAIL)
    assert run("secret", "set", "hello", "database", "URL=x", "-e", "prod", "--max-age", "90").code == 0
    assert signed_in.requests[-1].headers["If-Match"] == '"7"'
    assert signed_in.requests[-1].body == {"values": {"URL": "x"}, "max_age_days": 90}


def test_what_a_store_keeps(run, hello, signed_in):
    signed_in.on("PUT", DATABASE, DETAIL)
    got = run("secret", "set", "hello", "database", "-e", "prod", "--store", "vault", "URL=db#url", "CA=ca")
    assert got.code == 0, got.err
    assert signed_in.sent("PUT", DATABASE) == [{"store": "vault", "remote": {"URL": "db#url", "CA": "ca"}}]


@pytest.mark.parametrize(
    "arguments",
    [["URL"], [], ["--store", "vault"], ["--store", "vault", "URL"], ["--store", "v", "--from-file", "A=-"]],
)
def test_sends_nothing_of_what_is_none(run, hello, signed_in, arguments):
    assert run("secret", "set", "hello", "database", "-e", "prod", *arguments).code == 2
    assert signed_in.sent("PUT", DATABASE) == []


def test_lists_secrets_with_their_age(run, hello, signed_in):
    overdue = secret(name="mail", age_seconds=3 * 3600, max_age_days=1, overdue=True, released=1)
    gone = secret(name="old", age_seconds=90, in_force=False, released=None, store="vault")
    signed_in.on("GET", SECRETS, [secret(), overdue, gone])
    got = run("secret", "list", "hello", "-e", "prod")
    assert [line.split() for line in got.out.splitlines()[1:]] == [
        ["database", "v2", "8", "d", "v2", "URL"],
        [*("mail", "v2", "3", "h", "v1", "URL"), *OVERDUE],
        ["old", "v2", "1", "min", "-", "URL", "vault", "revoked"],
    ]
    assert run("secret", "list", "hello", "-e", "prod", "-o", "name").out.split() == [
        "secret/database",
        "secret/mail",
        "secret/old",
    ]
    signed_in.on("GET", DATABASE, DETAIL)
    assert run("secret", "list", "hello", "database", "-e", "prod").out.splitlines()[1].split()[0] == "v1"
    assert run("secret", "list", "hello", "database", "-e", "prod", "-o", "json").json == DETAIL


@pytest.fixture
def revoking(hello, signed_in):
    signed_in.on("GET", DATABASE, DETAIL, ETag='"7"')
    signed_in.on("DELETE", DATABASE, FORESEEN)
    signed_in.on("DELETE", DATABASE, REVOKED)
    return signed_in


def test_revokes_what_was_shown(run, revoking):
    got = run("secret", "revoke", "hello", "database", "-e", "prod", "--version", "1", "--reason", "leaked", "--yes")
    assert got.code == 0, got.err
    assert "release 4" in got.out
    first, second = revoking.requests[-2:]
    order = {"version": "1", "release": "true", "force": "false", "reason": "leaked"}
    assert (first.query, second.query) == ({**order, "dryRun": "true"}, order)
    assert second.headers["If-Match"] == '"7"'


def test_does_not_revoke_in_a_pipe_unasked(run, revoking):
    got = run("secret", "revoke", "hello", "database", "-e", "prod")
    assert (got.code, "--yes" in got.err, "would be revoked" in got.err) == (2, True, True)
    assert [each.query.get("dryRun") for each in revoking.requests if each.method == "DELETE"] == ["true"]


@pytest.mark.parametrize(("yes", "code", "sent"), [(True, 0, 2), (False, 2, 1)])
def test_asks_before_it_revokes(run, revoking, asked, yes, code, sent):
    questions = asked(yes)
    assert run("secret", "revoke", "hello", "database", "-e", "prod", "--no-release", "-o", "name").code == code
    assert questions == ["Revoke?"]
    assert len(revoking.sent("DELETE", DATABASE)) == sent


def test_only_shows_what_would_change(run, revoking):
    got = run("secret", "revoke", "hello", "database", "-e", "prod", "--dry-run", "-o", "json")
    assert got.json == FORESEEN
    assert len(revoking.sent("DELETE", DATABASE)) == 1
