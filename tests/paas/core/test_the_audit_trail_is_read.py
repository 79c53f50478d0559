"""The audit trail by API, console and command line: searched, exported, verified; for operators alone."""

import csv
import io
import json
from datetime import timedelta

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from paas.core import audit
from paas.core.audit.outside import outside
from paas.core.audit.sealer import Sealer
from paas.core.models import AuditEvent
from paas.identity import services
from tests.sealing import seal_all

AUDIT = "/api/v1/audit/"


@pytest.fixture
def renamed(team, owner):
    services.rename_team(team=team, title="New title", actor=owner)
    return AuditEvent.objects.get(action="team.renamed")


def results(answer):
    assert answer.status_code == 200, answer.content
    return [each["action"] for each in answer.json()["results"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"actor": "olga"}, ["team.renamed"]),
        ({"actor": "olg"}, []),
        ({"action": "team.ren"}, ["team.renamed"]),
        ({"object": "sho", "action": "team.renamed"}, ["team.renamed"]),
        ({"object": "hop"}, []),
        ({"since": "2100-01-01T00:00:00Z"}, []),
        ({"until": "2000-01-01"}, []),
        ({"until": "9999-12-31T23:59:59Z", "action": "team.ren"}, ["team.renamed"]),
        ({"outcome": "refused"}, []),
    ],
)
def test_it_is_searched(api, operator, renamed, query, found):
    assert results(api(operator).get(AUDIT, query)) == found


def test_by_object_and_by_request(api, operator, renamed, team):
    client = api(operator)
    assert "team.created" in results(client.get(AUDIT, {"object_id": str(team.pk), "object_type": "identity.Team"}))
    token = AuditEvent.objects.filter(action="token.created").latest("id")
    with transaction.atomic():
        event = audit.record(actor=operator, action="a.one", target=team)
    assert event.request_id == token.request_id == ""
    assert results(client.get(AUDIT, {"request": "no-such"})) == []


def test_until_a_moment_is_by_time_and_not_by_id(api, operator, team):
    """Who began to write first may be the last to commit: its id is the higher one."""
    now = timezone.now()
    with transaction.atomic():
        for action, minutes in (("a.late", 1), ("a.early", -1), ("a.later", 2)):
            with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
                audit.record(actor=operator, action=action, target=team)
    query = {"since": (now - timedelta(minutes=2)).isoformat(), "until": now.isoformat(), "action": "a."}
    assert results(api(operator).get(AUDIT, query)) == ["a.early"]


def test_one_event_says_all(api, operator, renamed):
    body = api(operator).get(f"{AUDIT}{renamed.pk}/").json()
    assert body["before"] == {"title": "The shop"}
    assert body["right"]["through"] == "group team:shop:owner"
    assert body["number"] is None


def test_others_see_nothing_of_it(api, owner, renamed):
    client = api(owner)
    assert results(client.get(AUDIT)) == []
    assert client.get(f"{AUDIT}{renamed.pk}/").status_code == 404
    for page in ("export/?as=csv", "verification/"):
        assert client.get(f"{AUDIT}{page}").json()["code"] == "auditor_required"


def exported(answer):
    assert answer.status_code == 200

    async def read():
        return b"".join([part async for part in answer.streaming_content]).decode()

    return async_to_sync(read)()


def test_it_is_exported_as_csv_that_no_spreadsheet_runs(api, operator, owner, team):
    services.rename_team(team=team, title="=HYPERLINK(1)", actor=owner)
    audit.record(actor=owner, action="team.renamed", target=team, reason="=HYPERLINK(1)")
    text = exported(api(operator).get(f"{AUDIT}export/", {"as": "csv", "action": "team.renamed"}))
    renamed, told = csv.DictReader(io.StringIO(text))
    assert renamed["actor_name"] == "olga"
    assert json.loads(renamed["after"]) == {"title": "=HYPERLINK(1)"}
    assert told["reason"] == "'=HYPERLINK(1)"


def test_it_is_exported_as_lines_that_can_be_verified(api, operator, renamed):
    text = exported(api(operator).get(f"{AUDIT}export/", {"as": "jsonl"}))
    rows = [json.loads(line) for line in text.splitlines()]
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    found = next(row for row in rows if row["action"] == "team.renamed")
    assert {name: found[name] for name in renamed.facts()} == renamed.facts()


def test_another_form_is_refused(api, operator):
    assert api(operator).get(f"{AUDIT}export/", {"as": "xml"}).status_code == 400


@pytest.mark.parametrize("after", ["-1", "x", "9" * 19, "١"])
def test_verification_starts_at_a_number(api, operator, after):
    assert api(operator).get(f"{AUDIT}verification/", {"after": after}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_it_is_verified(api, settings, tmp_path):
    admin = services.bootstrap_admin(username="admin", password="a long password")
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"audit_outside": (tmp_path / "heads").as_uri()})
    client = api(admin)
    seal_all(Sealer(outside(settings.DOUGONG.audit_outside)))
    services.rename_team(team=services.create_team(name="shop", actor=admin), title="New", actor=admin)
    body = client.get(f"{AUDIT}verification/").json()
    assert (body["number"], body["more"], body["unsealed"], body["fault"]) == (2, False, 2, None)
    assert body["heads"] in (1, 2)
    (tmp_path / "heads").write_text('{"number": 9, "seal": "x", "at": "now"}\n')
    assert client.get(f"{AUDIT}verification/").json()["fault"]["number"] == 3


def test_the_console_shows_and_exports_it(client, operator, renamed, team):
    client.force_login(operator)
    page = client.get(reverse("admin:core_auditevent_changelist"), {"action": "team.renamed"})
    assert "Team renamed" in page.content.decode()
    assert reverse("admin:identity_team_change", args=[team.pk]) in page.content.decode()
    whole = client.get(reverse("admin:core_auditevent_change", args=[renamed.pk])).content.decode()
    assert "olga → group team:shop:owner → own" in whole
    assert "The shop" in whole
    assert "Team renamed" in whole
    assert "<code>team.renamed</code>" in whole
    answer = client.get(reverse("admin:core_auditevent_export", args=["csv"]), {"action": "team.renamed"})
    assert exported(answer).count("\n") == 2
    assert client.get(reverse("admin:core_auditevent_export", args=["xml"])).status_code == 404


def test_the_console_refuses_others(client, owner, renamed):
    client.force_login(owner)
    assert client.get(reverse("admin:core_auditevent_export", args=["csv"])).status_code == 403
