"""Why may this person do this? The page that shows the way person → group → role → object, or who can grant it."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.admin.views import page
from apps.models import Environment
from apps.selectors.named import object_named
from paas.core.errors import Refusal
from paas.core.pages import found
from paas.core.permissions import OPERATE, allowed, is_overseer
from paas.core.site import refuse, register_view, tabs_of
from paas.identity.explanation import ACTIONS, Explanation, explain
from paas.identity.models import User
from paas.identity.roles import person_named

ACTION_WORDS = {
    "view": gettext_lazy("view: see it"),
    "deploy": gettext_lazy("deploy: release, configure, roll back"),
    "release": gettext_lazy("release: the same in protected environments"),
    "exec": gettext_lazy("exec: open terminals"),
    "own": gettext_lazy("own: change it and its members, retire"),
    "operate": gettext_lazy("operate: clusters, delivery, people"),
}
REASONS = {
    "deactivated": gettext_lazy("The account is kept out: it may nothing."),
    "unseen": gettext_lazy("No role reaches this object: it is not there for them, and answers with 404."),
    "no_role": gettext_lazy("They may view it; no role of theirs has this permission."),
}


class QuestionForm(forms.Form):
    """Who, and what."""

    person = forms.CharField(
        max_length=150, label=gettext_lazy("Person"), widget=UnfoldAdminTextInputWidget({"autocomplete": "off"})
    )
    action = forms.ChoiceField(
        choices=[(each, ACTION_WORDS[each]) for each in ACTIONS],
        label=gettext_lazy("What they would do"),
        widget=UnfoldAdminSelectWidget(),
    )


def explain_view(request: HttpRequest, said: str) -> HttpResponse:
    """The question about an object and its answer; asked by GET, so that the answer has an address."""
    actor = cast(User, request.user)
    obj = found(lambda: object_named(actor, said))
    asked = {"person": actor.username, "action": OPERATE if obj is None else "deploy"}
    form = QuestionForm({**asked, **request.GET.dict()})
    context: dict[str, Any] = {
        "title": _("Who may what on %(name)s") % {"name": said},
        "form": form,
        "others": is_overseer(actor) or (obj is not None and allowed(actor, "own", obj)),
        **_frame(obj),
    }
    if form.is_valid():
        who, action = form.cleaned_data["person"], form.cleaned_data["action"]
        context["twin"] = f"dougong explain permission {who} {action} {said}"
        try:
            person = actor if who == actor.username else person_named(who, kept_out=True)
            context["answer"] = _shown(explain(actor=actor, person=person, action=action, obj=obj))
        except Refusal as refusal:
            refuse(form, refusal)
    return page(request, "applications/explain.html", context)


def _frame(obj: Model | None) -> dict[str, Any]:
    """What the header of the page needs to say where one is."""
    if obj is None:
        return {}
    row = obj.application if isinstance(obj, Environment) else obj
    return {"opts": row._meta, "original": row, **tabs_of(row)}


def _shown(found: Explanation) -> dict[str, Any]:
    return {"found": found, "reason": REASONS.get(found.reason, ""), "action": ACTION_WORDS[found.action]}


register_view("permissions/<path:said>/", explain_view, name="explain")
