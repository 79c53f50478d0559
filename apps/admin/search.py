"""What the keyboard palette finds of applications: themselves, environments, projects, releases by number, keys of
configuration, and secrets by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.admin.layers import key_page
from apps.admin.views import application_page
from apps.models import Application, Environment, Project, Release, SecretVersion
from apps.selectors.config import PLATFORM_ID, Scope, changes_seen
from paas.core.palette import Hit, register_search
from paas.core.permissions import Actor, visible

_RELEASE = re.compile(r"(?:(?P<where>.*?)[\s/]+)?r?(?P<number>[1-9][0-9]{0,8})")


def applications(actor: Actor, term: str, most: int) -> Iterator[Hit]:
    """By name, or PROJECT/NAME."""
    project, _slash, name = term.rpartition("/")
    found = visible(actor, Application.objects.filter(retired_at=None, name__icontains=name or term))
    if project:
        found = found.filter(project__name__icontains=project)
    for each in found.select_related("project").only("name", "project__name").order_by("name")[:most]:
        yield Hit(each.name, application_page(each.pk), _("application"), each.project.name, "apps")


def environments(actor: Actor, term: str, most: int) -> Iterator[Hit]:
    """By name, or APPLICATION/NAME."""
    application, _slash, name = term.rpartition("/")
    found = visible(actor, Environment.objects.filter(retired_at=None, name__icontains=name or term))
    if application:
        found = found.filter(application__name__icontains=application)
    rows = found.select_related("application").only("name", "application__name")
    for each in rows.order_by("name", "application__name")[:most]:
        href = f"{application_page(each.application_id)}#environment-{each.pk}"
        yield Hit(f"{each.application.name}/{each.name}", href, _("environment"), icon="layers")


def projects(actor: Actor, term: str, most: int) -> Iterator[Hit]:
    """By name or title."""
    found = visible(actor, Project.objects.filter(Q(name__icontains=term) | Q(title__icontains=term)))
    for each in found.only("name", "title").order_by("name")[:most]:
        href = reverse("admin:applications_project_change", args=[each.pk])
        yield Hit(each.name, href, _("project"), each.title if each.title != each.name else "", "folder")


def releases(actor: Actor, term: str, most: int) -> Iterator[Hit]:
    """ "r12", "hello r12", "hello/production 12": what it changed; the application's page for the first of all."""
    asked = _RELEASE.fullmatch(term)
    if asked is None:
        return
    found = Release.objects.filter(number=int(asked["number"]))
    for word in re.split(r"[\s/]+", asked["where"] or ""):
        named = Q(environment__application__name__icontains=word) | Q(environment__name__icontains=word)
        found = found.filter(named) if word else found
    before = Release.objects.filter(environment=OuterRef("environment"), number=OuterRef("number") - 1)
    rows = visible(actor, found).annotate(
        before=Subquery(before.values("pk")[:1]),
        application=F("environment__application__name"),
        application_pk=F("environment__application"),
        where=F("environment__name"),
    )
    values = ("pk", "number", "before", "application", "application_pk", "where", "created_by_name")
    for each in rows.order_by("-created_at").values(*values)[:most]:
        compare = "admin:applications_release_compare"
        href = application_page(each["application_pk"])
        if each["before"]:
            href = reverse(compare, args=[each["before"], each["pk"]])
        title = f"{each['application']}/{each['where']} r{each['number']}"
        yield Hit(title, href, _("release"), each["created_by_name"], "deployed_code_history")


def config_keys(actor: Actor, term: str, most: int) -> Iterator[Hit]:
    """By a part of the key, in every layer that set it: its history there."""
    found = changes_seen(actor).filter(key__icontains=term).order_by("key", "scope", "scope_name")
    for key, kind, name in found.values_list("key", "scope", "scope_name").distinct()[:most]:
        scope = Scope(kind, PLATFORM_ID, name)
        yield Hit(key, key_page(scope, key=key), _("key"), str(scope), "tune")


def secrets(actor: Actor, term: str, most: int) -> Iterator[Hit]:
    """By a part of the name, never by a value: what happened to it in its environment."""
    living = SecretVersion.objects.filter(environment__retired_at=None, name__icontains=term)
    path = ("environment__application__project__name", "environment__application__name", "environment__name")
    found = visible(actor, living).order_by("name", *path).values_list("name", *path).distinct()
    for name, *where in found[:most]:
        scope = Scope("environment", PLATFORM_ID, "/".join(where))
        yield Hit(name, key_page(scope, secret=name), _("secret"), scope.name, "key")


register_search("applications", applications, order=10)
register_search("environments", environments, order=20)
register_search("releases", releases, order=30)
register_search("projects", projects, order=40)
register_search("config keys", config_keys, order=80)
register_search("secrets", secrets, order=90)
