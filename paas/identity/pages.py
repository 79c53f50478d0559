"""Pages of the console about signing in machines: the code of `dougong login`, and one's API tokens.

Thin entrypoints over `devices`, `services` and `service_accounts`, as the API is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from paas.core.errors import Refusal
from paas.core.pages import page
from paas.core.permissions import visible, words
from paas.core.site import NavigationItem, refuse, register_navigation, register_view
from paas.identity import devices, service_accounts, services
from paas.identity.models import ADMIN, DEPLOY, READ, ApiToken, Team
from paas.identity.throttles import CodeThrottle

# What a scope lets do, in the words of who approves it.
SCOPE_WORDS = {
    READ: gettext_lazy("view what you may view"),
    DEPLOY: gettext_lazy("view and deploy what you may"),
    ADMIN: gettext_lazy("do everything that you may do"),
}


class CodeForm(forms.Form):
    """The code that the machine shows."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=20,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off", "autocapitalize": "characters", "autofocus": True}),
    )


class TokenForm(forms.Form):
    """A new token."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100, widget=UnfoldAdminTextInputWidget())
    scope = forms.ChoiceField(
        label=gettext_lazy("May"), choices=list(SCOPE_WORDS.items()), widget=UnfoldAdminSelectWidget()
    )


def device_view(request: HttpRequest) -> HttpResponse:
    """Type or follow a code, see which machine asks, approve or decline."""
    followed = {"code": request.GET["code"]} if request.GET.get("code") else None
    form = CodeForm(request.POST if request.method == "POST" else followed)
    context: dict[str, Any] = {"form": form, "title": _("Sign in a machine")}
    if form.is_bound and form.is_valid():
        if not CodeThrottle().allow_request(request, None):
            form.add_error(None, _("Too many codes were tried. Wait a minute."))
            return page(request, "identity/device.html", context, status=429)
        code, decision = form.cleaned_data["code"], request.POST.get("decision", "")
        try:
            if decision in ("approve", "decline"):
                approved = decision == "approve"
                context["done"] = devices.decide(user_code=code, approve=approved, actor=request.user)
            else:
                context["asking"] = devices.find(user_code=code, actor=request.user)
        except Refusal as refusal:
            refuse(form, refusal)
    if found := context.get("asking") or context.get("done"):
        context["may"] = SCOPE_WORDS[found.scope]
    return page(request, "identity/device.html", context)


def tokens_view(request: HttpRequest) -> HttpResponse:
    """One's tokens, and a form for another one, which is shown on the answer to the form alone."""
    person: Any = request.user
    form = TokenForm(request.POST if request.method == "POST" else None, initial={"scope": DEPLOY})
    made = ""
    if request.method == "POST" and form.is_valid():
        try:
            made, _expires = services.create_token(user=person, actor=person, **form.cleaned_data)
            form = TokenForm(initial={"scope": DEPLOY})
        except Refusal as refusal:
            refuse(form, refusal)
    context = {
        "title": _("API tokens"),
        "form": form,
        "made": made,
        "tokens": shown(ApiToken.objects.filter(user=person)),
        "teams": [_team(request, team) for team in visible(person, Team.objects.all()) if "own" in words(person, team)],
    }
    answer = page(request, "identity/tokens.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def _team(request: HttpRequest, team: Team) -> dict[str, Any]:
    """A team's service accounts, each with its tokens."""
    tokens: dict[Any, list[Any]] = {}
    for each in shown(ApiToken.objects.filter(user__team=team)):
        tokens.setdefault(each["row"].user_id, []).append(each)
    accounts = [
        {"pk": each.pk, "username": each.username, "tokens": tokens.get(each.pk, [])}
        for each in service_accounts.service_accounts(team)
    ]
    return {"name": team.name, "accounts": accounts}


def shown(tokens: Iterable[ApiToken]) -> list[dict[str, Any]]:
    """Tokens as rows: {"row", "may"}."""
    return [{"row": each, "may": SCOPE_WORDS[each.scope]} for each in tokens]


register_view("device/", device_view, name="device")
register_view("tokens/", tokens_view, name="tokens")
register_navigation(
    gettext_noop("You"),
    [
        NavigationItem(gettext_noop("API tokens"), "admin:tokens", "key"),
        NavigationItem(gettext_noop("Security"), "mfa_index", "shield_lock"),
    ],
    order=85,
)
