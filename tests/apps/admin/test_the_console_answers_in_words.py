"""Whatever is sent to a page of the console is answered in words: what is done, what is refused, and what is gone."""

import re
import uuid
from http import HTTPStatus

import pytest
import yaml
from django.contrib.messages import SUCCESS, get_messages
from django.db import transaction
from django.test import Client

from apps import services
from apps.selectors.config import PLATFORM, scope_of, scope_version
from paas.identity import break_glass, devices
from tests.proof.pages import bound, own_pages, told
from tests.proof.tenants import SPARE

FAR = str(uuid.UUID(int=0))
NUMBERED = {"filter_remove"}
WHY = {"reason": "why"}
# Pages that only show: nothing is sent there.
SHOWN = {
    "palette", "approvals", "config_key", "config_layer_key", "explain", "index", "core_auditevent_export",
    "applications_application_releases", "applications_release_compare", "applications_environment_logs",
    "applications_environment_scaling", "applications_environment_schedules", "applications_terminal",
    "applications_terminal_recording", "applications_application_change", "applications_project_change",
    "clusters_cluster_change", "clusters_work_change",
}  # fmt: skip
# Lists and histories are Django's, and what it would let one delete or add is not offered.
OF_ALL = re.compile(r"_(changelist|history|delete)$")
NOT_OFFERED = {"core_auditevent_add", "core_auditevent_change", "clusters_work_add", "applications_application_add"}
# Orders whose answer needs what no team has, with where it is proven.
ELSEWHERE = {
    "clusters_cluster_add": "tests/clusters/admin/test_fleet_in_the_console.py",
    "clusters_work_let_go": "tests/clusters/admin/test_works_in_the_console.py",
    "applications_environment_terminal_open": "tests/apps/terminals",
}


def _member_of_the_project(stage):
    viewer = stage.a.people["viewer"]
    services.set_project_member(project=stage.a.project, user=viewer, role="developer", actor=stage.a.people["owner"])
    return {"name": viewer.username}


def _taking_another(stage):
    break_glass.end_taken_role(taken=stage.a.taken, actor=stage.on.operator)
    return {"role": "owner", "minutes": 5, **WHY}


def _configured(scope):
    said = {"at": str(scope), "key": "COLOUR", "value": "red", "release": "", "version": scope_version(scope)}
    return {**said, **WHY}


def _device(stage):
    begun = devices.begin(client_id="dougong-cli", scope="read", machine="a laptop", address=None)
    return {"code": begun.user_code, "decision": "approve"}


def _pairs(name):
    sent = {"values-TOTAL_FORMS": 1, "values-INITIAL_FORMS": 0, "values-0-key": "URL", "values-0-value": "x"}
    return {"name": name, "version": 0, **sent}


# By view: who sends it, and what; a function where something has to be there first.
ORDERS = {
    "filters": ("owner", {"page": "applications_application", "name": "mine", "query": "q=y"}),
    "filter_remove": ("owner", {}),
    "device": ("owner", _device),
    "tokens": ("owner", {"name": "another", "scope": "read"}),
    "token_revoke": ("owner", {"name": SPARE}),
    "service_account_remove": ("owner", lambda stage: {"name": stage.a.people["machine"].username}),
    "language": ("owner", {"language": "zh-hans"}),
    "approval": ("owner", {"act": "approve", **WHY}),
    "environment_protection": ("owner", WHY),
    "config": ("operator", lambda stage: _configured(PLATFORM)),
    "config_layer": ("owner", lambda stage: _configured(scope_of(stage.a.environment))),
    "config_proposal": ("developer", {"act": "accept", **WHY}),
    "secret_store": ("owner", _pairs("fresh")),
    "secret_revoke": ("owner", {"name": "database", "version": 1, "force": "on", **WHY}),
    "team_limits": ("operator", {"whose": "team", "cpu": "4", **WHY}),
    "team_exceptions": ("owner", {"cpu": "8", "days": 3, **WHY}),
    "team_exception": ("owner", WHY),
    "freezes": (
        "owner", {"team": "crew-a", "starts": "2030-01-01T00:00", "ends": "2030-01-02T00:00", "time_zone": "UTC", **WHY}
    ),
    "freeze_end": ("owner", {}),
    "team_pull_secrets": ("owner", {"registry": "other.example", "username": "me", "password": "secret"}),
    "team_pull_secret_revoke": ("owner", {"name": "registry.example", **WHY}),
    "identity_user_second_factor": ("operator", WHY),
    "identity_user_add": ("operator", {"username": "nina", "email": "n@a.example", "password": "likes long dumplings"}),
    "identity_user_change": ("operator", {"is_active": "on"}),
    "identity_team_members": ("owner", {"username": "viewer-b", "role": "viewer"}),
    "identity_team_member_remove": ("owner", {"name": "viewer-a"}),
    "identity_team_holds": ("owner", {"act": "protect", **WHY}),
    "identity_team_break_glass": ("operator", _taking_another),
    "identity_team_break_glass_end": ("owner", {}),
    "identity_team_add": ("operator", {"name": "another", "title": "Another"}),
    "identity_team_change": ("owner", {"title": "Another"}),
    "clusters_cluster_do": ("operator", {}),
    "clusters_cluster_unregister": ("operator", {"fate": "leave", "name": "east", **WHY}),
    "applications_application_retire": ("owner", {"name": "hello-a", **WHY}),
    "applications_project_deploy": ("owner", lambda stage: {"file": yaml.safe_dump(stage.a.app_file())}),
    "applications_application_deploy": ("owner", lambda stage: {"file": yaml.safe_dump(stage.a.app_file())}),
    "applications_environment_rerender": ("owner", {}),
    "applications_environment_retire": ("owner", {"name": "production", **WHY}),
    "applications_release_rollback": ("owner", WHY),
    "applications_environment_placement": (
        "owner",
        lambda stage: {
            "clusters": ["east"], "version": stage.a.environment.version, "replicas": "duplicated", **WHY
        },
    ),
    "applications_schedule_run": ("owner", {}),
    "applications_environment_terminal": ("owner", {"allowed": "off"}),
    "applications_project_members": ("owner", {"username": "viewer-b", "role": "viewer"}),
    "applications_project_member_remove": ("owner", _member_of_the_project),
    "applications_project_add": ("owner", lambda stage: {"team": stage.a.team.pk, "name": "other", "title": "Other"}),
}  # fmt: skip


@pytest.fixture
def send(stage):
    """send(who, page, body) → the answer, of which nothing stays; `who` is a role of team A, an operator, or of B."""

    def go(who, page, body=None, method="post", **changes):
        others = {"operator": stage.on.operator, "stranger": stage.b.people["owner"]}
        browser = Client(raise_request_exception=False)
        browser.force_login(others.get(who) or stage.a.people[who])
        with transaction.atomic():
            said = body(stage) if callable(body) else body or {}
            answer = getattr(browser, method)(page.address({**page.places(stage.a)[-1], **changes}), said)
            answer.told, answer.bound = told(answer), bound(answer)
            transaction.set_rollback(True)
        return answer

    return go


def taking():
    """The pages that something is sent to."""
    return [each for each in own_pages() if each.name in {*ORDERS, *ELSEWHERE}]


def test_every_page_is_one_of_these():
    names = {each.name for each in own_pages()}
    assert {each for each in names if not OF_ALL.search(each)} == {*SHOWN, *NOT_OFFERED, *ORDERS, *ELSEWHERE}


def test_what_only_shows_takes_nothing(send):
    for page in (each for each in own_pages() if each.name in {*SHOWN, *NOT_OFFERED} - {"explain"}):
        answer = send("owner", page)
        assert (answer.status_code != HTTPStatus.FOUND, answer.bound) == (True, []), page


@pytest.mark.timeout(300)
def test_what_is_done_is_told(send):
    silent = {}
    for page in taking():
        who, body = ORDERS.get(page.name, ("", None))
        if who:
            answer = send(who, page, body)
            said = [each.level for each in get_messages(answer.wsgi_request)]
            shown = answer.status_code == HTTPStatus.OK and {"done", "made"} & {*_names(answer)} and not answer.told
            if not (said == [SUCCESS] and answer.status_code == HTTPStatus.FOUND) and not shown:
                silent[page.name] = (answer.status_code, answer.told)
    assert silent == {}


def _names(answer):
    return [name for context in answer.context for name, value in context.flatten().items() if value]


@pytest.mark.timeout(300)
def test_what_is_refused_is_told(send):
    """To who may see it but not do it, and to who filled in nothing."""
    silent = {}
    for page in taking():
        for who in ("viewer", "owner", "operator"):
            answer = send(who, page)
            if answer.status_code < HTTPStatus.BAD_REQUEST and not answer.told:
                silent[page.name, who] = answer.status_code
    assert silent == {}


@pytest.mark.timeout(300)
def test_what_is_gone_or_another_s_is_not_there(send):
    there = {}
    for page in (each for each in own_pages() if {"pk", "object_id"} & {*each.names}):
        gone = dict.fromkeys(("pk", "object_id"), str(10**9) if page.name in NUMBERED else FAR)
        for method in ("get", "post"):
            answer = send("operator", page, method=method, **gone)
            if answer.status_code not in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
                there[page.name, method] = (answer.status_code, answer.told)
    assert there == {}
