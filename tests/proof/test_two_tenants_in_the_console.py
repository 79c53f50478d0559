"""Nobody reads or changes what is another team's through any page of the console, by its address or by any field.

Every page that the resolver knows is asked, so that none can be forgotten: of one whose parameters mean nothing yet
`Page.places` raises, and one in whose address nothing of a team stands is named here, with the reason.
"""

import re
from itertools import product
from urllib.parse import unquote_plus, urlencode

import pytest
from django.contrib.messages import get_messages
from django.db import transaction
from django.http import QueryDict
from django.test import Client

from tests.proof.pages import forms, pages
from tests.proof.rows import rows
from tests.proof.tenants import ROLES
from tests.proof.test_two_tenants import absent, heard
from tests.proof.trespass import changed, crossing

pytestmark = pytest.mark.timeout(600)

FORM = "application/x-www-form-urlencoded"
PROVIDER = "an identity provider is everybody's"
CLUSTER = "a cluster is everybody's to see, and an operator's to change"
# Nothing of a team stands in these addresses.
APART = {
    "sso_begin": PROVIDER,
    "sso_back": PROVIDER,
    "sso_signed_out": PROVIDER,
    "sso_link": PROVIDER,
    "sso_unlink": PROVIDER,
    "clusters_cluster_live": CLUSTER,
    "clusters_cluster_do": CLUSTER,
    "clusters_cluster_unregister": CLUSTER,
    "clusters_cluster_history": CLUSTER,
    "clusters_cluster_delete": CLUSTER,
    "clusters_cluster_change": CLUSTER,
    "core_auditevent_export": "the form of a file",
}
OPERATORS = "operators alone"
# What an owner is not shown of their own team's either, so that it looks to them like nobody's.
CLOSED = {
    "core_auditevent_history": OPERATORS,
    "core_auditevent_delete": OPERATORS,
    "core_auditevent_change": OPERATORS,
    "identity_user_second_factor": OPERATORS,
    "identity_user_history": OPERATORS,
    "identity_user_delete": OPERATORS,
    "identity_user_change": OPERATORS,
    "view_on_site": "no model has a page outside the console",
    "mfa_remove_webauthn": "one proves oneself anew before a key is looked for",
    "filter_remove": "by POST alone",
    "freeze_end": "by POST alone",
    "identity_team_break_glass_end": "by POST alone",
    "applications_environment_terminal_open": "by POST alone",
    "applications_project_member_remove": "none has a role on the project alone",
    "config_layer_live": "a stream, which begins alike",
    "clusters_work_live": "a stream, which begins alike",
    "applications_application_live": "a stream, which begins alike",
    "applications_application_releases_live": "a stream, which begins alike",
    "applications_project_live": "a stream, which begins alike",
    "identity_team_live": "a stream, which begins alike",
}
# By which an owner changes something of their own with what the page's form holds: sent as it stands, it does.
DONE = {
    "token_revoke", "service_account_remove", "approval", "environment_protection", "secret_revoke", "config_proposal",
    "team_exceptions", "team_exception", "team_pull_secrets", "team_pull_secret_revoke", "identity_team_members",
    "identity_team_member_remove", "identity_team_holds", "identity_team_break_glass_end", "clusters_work_let_go",
    "applications_application_retire", "applications_environment_rerender", "applications_environment_retire",
    "applications_release_rollback", "applications_environment_terminal", "applications_project_members",
    "applications_schedule_run", "freeze_end", "filter_remove",
}  # fmt: skip


class Person:
    """Somebody before the console; who they are sent to is followed."""

    def __init__(self, user):
        self.client = Client(raise_request_exception=False)
        self.client.force_login(user)
        self.client.get("/console/")

    def ask(self, address, body=None):
        """A POST where there is a body. The answer, and the statements that it took."""
        given = {} if body is None else {"data": body, "content_type": FORM}
        send = self.client.get if body is None else self.client.post
        answer, statements = heard(lambda: send(address, follow=True, **given))
        if answer.streaming:
            answer.close()
        return answer, statements


def content(answer):
    return b"" if answer.streaming else answer.content


def said(answer, places):
    """What tells one answer from another, less what was asked for."""
    told = [answer.status_code, *answer.redirect_chain, *map(str, get_messages(answer.wsgi_request))]
    if answer.get("Content-Type", "").startswith("application/problem+json"):
        told.append({key: value for key, value in answer.json().items() if key not in ("request_id", "instance")})
    text = unquote_plus(repr(told))
    for each in sorted(places.values(), key=len, reverse=True):
        text = re.sub(rf"\b{re.escape(each)}\b", "…", text)
    return text


def ways(stage):
    """(page, what stands in its address of A's, the same with nobody's in the place of one thing): all of it A's, and
    one thing of A's beside B's own.
    """
    for page in pages():
        if not page.names or page.name in APART or page.route.startswith("console/clusters/cluster/"):
            continue
        for theirs, ours in zip(page.places(stage.a), page.places(stage.b), strict=True):
            differing = [name for name in page.names if theirs[name] != ours[name]]
            for name in differing:
                around = theirs if name == differing[0] else ours
                yield page, {**around, name: theirs[name]}, {**around, name: absent(theirs[name])}


def offered(person, of, found):
    """The forms that somebody is shown on pages, by where they are sent."""
    shown = {}
    for page, places in found:
        address = page.address(places, page.query(of))
        answer, _ = person.ask(address)
        if answer.get("Content-Type", "").startswith("text/html"):
            for each in forms(address, answer):
                shown.setdefault(each.action.partition("?")[0], {})[each.body] = each
    return shown


def bodies(shown, address):
    """What is posted to an address: what forms of it hold, and nothing at all."""
    return ["", *shown.get(address, {})]


def pool(of):
    """What something of a team is called by."""
    return [of.team.name, str(of.environment.pk)]


def touched(stage, before):
    """What is A's and another, and what is new and refers to it."""
    yield from changed({row: before[row] for row in stage.theirs}, rows())
    yield from crossing(stage.theirs, before)


def own(stage, tenant):
    """Every page about a tenant, and those about nothing in particular."""
    for page in pages():
        if page.name in APART or page.route.startswith("console/clusters/cluster/"):
            continue
        for places in page.places(tenant) if page.names else [{}]:
            yield page, places


@pytest.mark.parametrize("role", ROLES)
def test_what_is_another_s_is_as_if_it_were_not_there(stage, role):
    """Asked for, and sent the forms that A's owner is shown: as of what is nobody's, to the last statement."""
    shown = offered(Person(stage.a.people["owner"]), stage.a, own(stage, stage.a))
    person = Person(stage.b.people[role])
    before, wrong, asked = rows(), [], 0
    for page, theirs, nobodys in ways(stage):
        for body in (None, *bodies(shown, page.address(theirs))):
            query = page.query(stage.a)
            answers, statements = zip(
                *(person.ask(page.address(each, query), body) for each in (theirs, nobodys)), strict=True
            )
            told = [said(answer, each) for answer, each in zip(answers, (theirs, nobodys), strict=True)]
            # Of what is looked for before anybody may: no page of it is there, whoever asks.
            same = statements[0] == statements[1] or page.name == "view_on_site"
            if told[0] != told[1] or not same or answers[0].status_code >= 500 or stage.net.found(content(answers[0])):
                wrong.append((page.name, body, told, [len(each) for each in statements]))
            asked += 1
        if touched := changed(before, rows()):
            wrong.append((page.name, touched))
            before = rows()
    assert wrong == []
    assert crossing(stage.theirs, stage.before) == []
    assert asked > 150


def test_a_field_of_a_form_names_nothing_of_another_s(stage):
    """Each field of each form that B's owner is shown, with what stands there for A and with other names of A's."""
    a, person = stage.a, Person(stage.b.people["owner"])
    theirs = offered(Person(a.people["owner"]), a, own(stage, a))
    ours = offered(person, stage.b, own(stage, stage.b))
    there = {}
    for page, places in own(stage, stage.b):
        for of_a in page.places(a) if page.names else [{}]:
            for form in theirs.get(page.address(of_a), {}).values():
                there.setdefault(page.address(places), {}).update(form.fields)
    before, wrong, asked = rows(), [], 0
    fields = [
        (address, form, name) for address, found in ours.items() for form in found.values() for name in form.fields
    ]
    for address, form, name in fields:
        with transaction.atomic():
            for value in dict.fromkeys([there.get(address, {}).get(name, a.team.name), *pool(a)]):
                answer, _ = person.ask(address, urlencode({**form.fields, name: value}))
                asked += 1
                if answer.status_code >= 500 or stage.net.found(content(answer)):
                    wrong.append((address, name, value, answer.status_code))
            wrong += [(address, name, each) for each in touched(stage, before)]
            transaction.set_rollback(True)
    assert wrong == []
    assert asked > 150


def test_what_stands_behind_an_address_names_nothing_of_another_s(stage, monkeypatch):
    """Each name that a page looks for there, with names of A's."""
    person = Person(stage.b.people["owner"])
    sought, plain = set(), QueryDict.__getitem__
    monkeypatch.setattr(QueryDict, "__getitem__", lambda self, key: sought.add(key) or plain(self, key))
    before, wrong, asked = rows(), [], 0
    for page, places in own(stage, stage.b):
        sought.clear()
        person.ask(page.address(places, page.query(stage.b)))
        for name, value in product(sorted(sought), pool(stage.a)):
            answer, _ = person.ask(page.address(places, {name: value}))
            asked += 1
            if answer.status_code >= 500 or stage.net.found(content(answer)):
                wrong.append((page.name, name, value, answer.status_code))
    assert wrong == []
    assert list(touched(stage, before)) == []
    assert asked > 100


def kept():
    """Every row but those of the audit trail, which notes refusals too."""
    return {row: digest for row, digest in rows().items() if row.table != "core_auditevent"}


def test_an_owner_is_shown_their_own_and_changes_it_by_the_same_forms(stage):
    """Else refusing everybody would pass."""
    owner, found = Person(stage.a.people["owner"]), list(own(stage, stage.a))
    shown = offered(owner, stage.a, found)
    closed, done = {}, set()
    for page, theirs in found:
        if not page.names:
            continue
        query = page.query(stage.a)
        first = page.names[-1] if "kind" in theirs else page.names[0]
        nobodys = {**theirs, first: absent(theirs[first])}
        answers = [owner.ask(page.address(each, query))[0] for each in (theirs, nobodys)]
        told = [said(*each) for each in zip(answers, (theirs, nobodys), strict=True)]
        if told[0] == told[1] and page.name:
            closed[page.name] = told[0]
        # What streams lets go of the database first.
        for body in () if answers[0].streaming else bodies(shown, page.address(theirs)):
            with transaction.atomic():
                before = kept()
                owner.ask(page.address(theirs, query), body)
                done |= {page.name} if kept() != before else set()
                transaction.set_rollback(True)
    assert ({*closed} - {*CLOSED}, {*CLOSED} - {*closed}) == (set(), set())
    assert (done - DONE, DONE - done) == (set(), set())


def test_what_stands_apart_is_there():
    """A page that is gone is no exception any more."""
    assert (APART.keys() | CLOSED.keys() | DONE) - {each.name for each in pages()} == set()
