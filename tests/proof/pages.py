"""The pages of the console, as its addresses say, what is sent to them about a tenant, and what their answers say.

A page's parameters are named by what stands before them in its address: `teams/<uuid:pk>/` takes a team's. What is
posted is what the forms of the page hold when somebody who may is shown it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urlencode, urljoin

from allauth.mfa.models import Authenticator
from django.contrib.contenttypes.models import ContentType
from django.contrib.messages import get_messages
from django.forms import BaseForm, BaseFormSet
from django.test.utils import ContextList
from django.urls import URLPattern, URLResolver, get_resolver

from paas.identity.models import ApiToken
from tests.proof.tenants import SPARE, Tenant

ROOT = "console/"
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# Streams, which are the API's; signing in; and Django's for what the console has not: these lead to a list, or answer
# with JSON.
NOT_ITS_OWN = re.compile(
    r"|.*live|(account|mfa|sso)_.*|login|logout|search|password_change(_done)?|view_on_site|jsi18n|autocomplete"
)
# What a form takes there, where it is not a text of any kind; preview keeps a form from doing what it says.
FILLED = {
    "cpu": "", "memory": "", "pods": "90", "storage": "", "volumes": "", "pools": "", "registries": "",
    "registry": "other.example", "selector": "", "weights": "", "username": "viewer-a", "role": "developer",
}  # fmt: skip
# Sent with a form, and nothing that a person says.
OF_THE_FORM = ("csrfmiddlewaretoken", "preview", "_save", "_continue", "_addanother")


@dataclass(frozen=True)
class Page:
    """`route` is its address below the root, as Django writes it; `name` that of its view."""

    route: str
    name: str

    @property
    def names(self) -> tuple[str, ...]:
        """Of its parameters."""
        return tuple(PARAMETER.findall(self.route))

    def places(self, of: Tenant) -> list[dict[str, str]]:
        """What stands in its address about that tenant: one way for each layer where it is a layer's, an
        environment's last.
        """
        known = _known(of)
        if "<str:kind>/<path:name>" in self.route:
            return [{"kind": kind, "name": name} for kind, name in layers(of).items()]
        found = {}
        before = ""
        for part in self.route.split("/"):
            if names := PARAMETER.findall(part):
                found[names[0]] = known[before, names[0]] if (before, names[0]) in known else known[before]
            before = before if names else part
        return [found]

    def address(self, places: dict[str, str], query: dict[str, str] | None = None) -> str:
        """Where it is."""
        filled = PARAMETER.sub(lambda found: quote(places[found[1]], safe="/"), self.route)
        return f"/{filled}?{urlencode(query)}" if query else f"/{filled}"

    def query(self, of: Tenant) -> dict[str, str]:
        """What has to stand behind its address."""
        return {"object": of.held} if self.name == "clusters_work_let_go" else {}


def pages() -> list[Page]:
    """All that the resolver knows below the root, but for the pattern that takes whatever is left."""
    return [each for each in _below(get_resolver(), "") if each.route.startswith(ROOT) and "(?P" not in each.route]


def own_pages() -> list[Page]:
    """Those of them that are the console's alone and answer at once."""
    return [each for each in pages() if not NOT_ITS_OWN.fullmatch(each.name)]


def _below(resolver: URLResolver, prefix: str) -> Iterator[Page]:
    for each in resolver.url_patterns:
        route = f"{prefix}{each.pattern}"
        if isinstance(each, URLPattern):
            yield Page(route, each.name or "")
        else:
            yield from _below(each, route)


def layers(of: Tenant) -> dict[str, str]:
    """The layers of configuration that are theirs, by their kind."""
    application = f"{of.project.name}/{of.application.name}"
    return {
        "team": of.team.name,
        "project": of.project.name,
        "application": application,
        "environment": f"{application}/production",
    }


def _known(of: Tenant) -> dict[Any, str]:
    """A tenant's own by what stands before it, or by that and the name of the parameter."""
    return {
        "team": str(of.team.pk),
        "teams": str(of.team.pk),
        "members": str(of.people["viewer"].pk),
        "exceptions": str(of.exception.pk),
        "break-glass": str(of.taken.pk),
        "pull-secrets": "registry.example",
        "service-accounts": str(of.people["machine"].pk),
        "tokens": ApiToken.objects.get(user=of.people["owner"], name=SPARE).token_key,
        "user": str(of.people["viewer"].pk),
        "cluster": str(of.environment.placements.get().cluster_id),
        "do": "cordon",
        "export": "csv",
        "auditevent": of.places["audit", "id"],
        "project": str(of.project.pk),
        "projects": str(of.project.pk),
        "application": str(of.application.pk),
        "environments": str(of.environment.pk),
        "schedules": "report",
        "config-secrets": str(of.environment.pk),
        ("config-secrets", "name"): "database",
        "config-proposals": str(of.proposal.pk),
        "approvals": str(of.approval.pk),
        "freezes": str(of.freeze.pk),
        "filters": str(of.filter.pk),
        "keys": str(Authenticator.objects.get(user=of.people["viewer"]).pk),
        "terminals": str(of.terminal.pk),
        "releases": str(of.release.pk),
        ("releases", "new"): str(of.environment.current_release_id),
        "work": str(of.work.pk),
        ("r", "content_type_id"): str(ContentType.objects.get_for_model(of.team).pk),
        ("r", "object_id"): str(of.team.pk),
        ("permissions", "said"): of.queries["object"],
    }


@dataclass
class Form:
    """A form of a page: where it is sent, and each field with what it holds."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> str:
        """As a browser sends it."""
        return urlencode(self.fields)


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.forms, self._select = address, [], ""

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in given}
        if tag == "form":
            self.forms.append(Form(urljoin(self.address, at.get("action", "")), at.get("method", "get").lower()))
        if not self.forms:
            return
        fields, name = self.forms[-1].fields, at.get("name", "")
        if tag == "select":
            self._select = name
        if tag == "option" and self._select and ("selected" in at or not fields.get(self._select)):
            fields[self._select] = at.get("value", "")
        if tag in ("input", "textarea", "button") and name and name not in OF_THE_FORM:
            chosen = at.get("type") not in ("radio", "checkbox") or "checked" in at or name not in fields
            fields.update({name: at.get("value", "")} if chosen else {})

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""


def forms(address: str, answer: Any) -> list[Form]:
    """What may be sent from a page, filled in: a name that is asked for is typed, and other texts say something."""
    reader = _Reader(address)
    reader.feed(answer.content.decode())
    expected = getattr((answer.context or {}).get("form"), "expected", "")
    for each in reader.forms:
        for name, value in each.fields.items():
            each.fields[name] = FILLED.get(name, value or (expected if name == "name" else "") or "a text")
    return [each for each in reader.forms if each.method == "post"]


def told(answer: Any) -> list[str]:
    """What an answer says of what was asked: messages, and what is wrong with the forms on it."""
    said = [str(each) for each in get_messages(answer.wsgi_request)]
    for form in bound(answer):
        said += [str(error) for error in _errors(form)]
    return said


def bound(answer: Any) -> list[Any]:
    """The forms on a page that were filled in by what was sent."""
    found = []
    contexts = answer.context if isinstance(answer.context, ContextList) else filter(None, [answer.context])
    for context in contexts:
        for value in context.flatten().values():
            form = value if isinstance(value, (BaseForm, BaseFormSet)) else getattr(value, "form", None)
            if isinstance(form, (BaseForm, BaseFormSet)) and form.is_bound and form not in found:
                found.append(form)
    return found


def _errors(form: Any) -> Sequence[Any]:
    if isinstance(form, BaseFormSet):
        return [*form.non_form_errors(), *(each for errors in form.errors for each in errors.values())]
    return list(form.errors.values())
