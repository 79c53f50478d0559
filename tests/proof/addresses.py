"""Every address of the console, out of its own table, with what fills it in for a team; and what an answer says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.messages import get_messages
from django.forms import BaseForm, BaseFormSet
from django.test.utils import ContextList
from django.urls import URLResolver, get_resolver, reverse

from paas.core.filters import save_filter
from paas.core.models import AuditEvent
from paas.identity.models import ApiToken
from tests.proof.tenants import SPARE, Tenant

# Django's own for what the console has not: they lead to a list, or answer with JSON.
DJANGO_S = {"jsi18n", "autocomplete", "view_on_site", "app_list", "login", "logout", "password_change"}
DJANGO_S |= {"password_change_done", "search"}


@dataclass(frozen=True)
class Page:
    """An address of the console: the name of its view, and the names in it that are filled in."""

    name: str
    asks: tuple[str, ...]

    def address(self, filled: dict[str, Any]) -> str:
        """With each name filled in."""
        return reverse(self.name, kwargs={each: filled[each] for each in self.asks})


def pages() -> list[Page]:
    """All of them that have a name, streams left out: these are the API's."""
    [site] = [each for each in get_resolver().url_patterns if getattr(each, "app_name", "") == "admin"]
    return [each for each in _walked(site.url_patterns) if not each.name.endswith("live")]


def _walked(patterns: Iterable[Any]) -> Iterator[Page]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from _walked(each.url_patterns)
        elif each.name and each.name not in DJANGO_S:
            yield Page(f"admin:{each.name}", tuple(each.pattern.converters))


class Filled:
    """What fills in the addresses of a team's pages, by the name of the view where the name in it says too little."""

    def __init__(self, on: Tenant) -> None:
        self.on = on
        layer = f"{on.project.name}/{on.application.name}/{on.environment.name}"
        self.common = {
            "kind": "environment", "name": layer, "said": f"environment/{layer}", "registry": "registry.example",
            "user": on.people["viewer"].pk, "exception": on.exception.pk, "taken": on.taken.pk, "verb": "cordon",
            "old": on.release.pk, "new": on.release.pk,
            "key": ApiToken.objects.get(user=on.people["owner"], name=SPARE).token_key,
        }  # fmt: skip
        self.ids = {
            "applications_application": on.application.pk, "applications_project": on.project.pk,
            "applications_environment": on.environment.pk, "applications_release": on.release.pk,
            "applications_schedule": on.environment.pk, "applications_terminal": on.terminal.pk,
            "approval": on.approval.pk, "clusters_cluster": on.environment.placements.get().cluster_id,
            "clusters_work": on.work.pk, "config_proposal": on.proposal.pk, "core_auditevent": _event(on),
            "environment_protection": on.environment.pk, "freeze_end": on.freeze.pk, "identity_team": on.team.pk,
            "identity_user": on.people["owner"].pk, "secret_": on.environment.pk,
            "service_account_remove": on.people["machine"].pk, "team_": on.team.pk,
        }  # fmt: skip

    def __call__(self, page: Page, **changes: Any) -> str:
        """The address."""
        name = page.name.removeprefix("admin:")
        filled = {**self.common, **changes}
        if name.startswith("secret_"):
            filled["name"] = "database"
        if name == "applications_schedule_run":
            filled["name"] = "report"
        if name == "filter_remove":
            person = self.on.people["owner"]
            filled["pk"] = save_filter(actor=person, page="applications_application", name="x", query="q=x").pk
        for of in ("pk", "object_id"):
            if of in page.asks and of not in filled:
                filled[of] = next(pk for prefix, pk in self.ids.items() if name.startswith(prefix))
        return page.address(filled)


def _event(on: Tenant) -> int:
    return AuditEvent.objects.filter(object_id=str(on.environment.pk)).earliest("id").pk


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
