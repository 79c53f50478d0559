"""Where the console has no page to show it says so in its own frame: what happened, what to do next, which request."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.urls import reverse

from paas.core import site

HOME = reverse("admin:index")


@pytest.fixture
def person(db):
    return get_user_model().objects.create_user(username="petra", password="petra likes dumplings")


@pytest.fixture
def visitor(person):
    """One that gets pages of errors as people do, and whose forms are checked."""
    made = Client(raise_request_exception=False, enforce_csrf_checks=True)
    made.force_login(person)
    return made


def told(answer, status, *words):
    text = " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())
    assert answer.status_code == status
    assert answer["Cache-Control"] == "no-store"
    assert "dougong/console.css" in answer.content.decode()
    assert f'href="{HOME}"' in answer.content.decode()
    assert re.search(r"(Request|请求) [0-9a-f]{8}-[0-9a-f-]{27}", text)
    for word in words:
        assert word in text, word


def failing(*args, **kwargs):
    raise ZeroDivisionError


def refusing(*args, **kwargs):
    raise PermissionDenied("Auditors alone.")


@pytest.mark.parametrize("address", ["/console/nowhere/", "/nowhere/", "/console/?q=%00"])
def test_an_address_that_leads_nowhere(visitor, address):
    told(visitor.get(address), 404, "There is nothing here", "you may not view it", "by its name")


def test_a_form_from_elsewhere(visitor):
    told(visitor.post(reverse("admin:language"), {"language": "zh-hans"}), 403, "was not taken", "Nothing was changed")


def test_what_one_may_not_do(visitor, monkeypatch):
    monkeypatch.setitem(site.console_home_sections, "odd", site.HomeSection("odd", 1, "", refusing))
    told(visitor.get(HOME), 403, "You may not do this", "Auditors alone.", "dougong explain permission")


def test_what_nobody_foresaw(visitor, monkeypatch):
    monkeypatch.setitem(site.console_home_sections, "odd", site.HomeSection("odd", 1, "", failing))
    told(visitor.get(HOME), 500, "went wrong on our side", "tell an operator")


def test_the_page_of_a_fault_asks_the_database_nothing(visitor, monkeypatch):
    """Not even who it is, once the database is gone."""

    asked = []

    def count(execute, sql, params, many, context):
        asked.append(sql)
        return execute(sql, params, many, context)

    def broken(request):
        connection.execute_wrappers.append(count)
        raise ZeroDivisionError

    monkeypatch.setitem(site.console_home_sections, "odd", site.HomeSection("odd", 1, "", broken))
    try:
        answer = visitor.get(HOME)
    finally:
        connection.execute_wrappers.remove(count)
    told(answer, 500, "went wrong on our side")
    assert asked == []


def test_in_the_reader_s_language(visitor):
    visitor.cookies["django_language"] = "zh-hans"
    told(visitor.get("/console/nowhere/"), 404, "这里什么都没有")


def test_under_the_api_it_is_a_problem(visitor):
    assert visitor.get("/api/v1/nowhere/").json()["code"] == "not_found"
