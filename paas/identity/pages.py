"""Pages of the console about signing in machines: the code of `dougong login`, and one's API tokens.

Thin entrypoints over `devices`, `services` and `service_accounts`, as the API is.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from rest_framework.throttling import SimpleRateThrottle
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from paas.core.errors import Refusal
from paas.core.permissions import visible, words
from paas.core.site import NavigationItem, console, refuse, refused, register_navigation, register_view
from paas.identity import devices, service_accounts, services
from paas.identity.models import ADMIN, DEPLOY, READ, ApiToken, Team, User

# What a scope lets do, in the words of who approves it.
SCOPE_WORDS = {
    READ: gettext_lazy("view what you may view"),
    DEPLOY: gettext_lazy("view and deploy what you may"),
    ADMIN: gettext_lazy("do everything that you may do"),
}


class CodeThrottle(SimpleRateThrottle):
    """So many codes a person may try."""

    scope = "code"

    def get_cache_key(self, request: Any, view: Any) -> str:
        """By person: whoever guesses is signed in."""
        return f"device-code:{request.user.pk}"


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
    form = CodeForm(request.POST or ({"code": request.GET["code"]} if request.GET.get("code") else None))
    context: dict[str, Any] = {"form": form, "title": _("Sign in a machine")}
    if form.is_bound and form.is_valid():
        if not CodeThrottle().allow_request(request, None):  # type: ignore[arg-type]  # reads no more than a user
            form.add_error(None, _("Too many codes were tried. Wait a minute."))
            return _page(request, "identity/device.html", context, status=429)
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
    return _page(request, "identity/device.html", context)


def tokens_view(request: HttpRequest) -> HttpResponse:
    """One's tokens, and a form for another one, which is shown on the answer to the form alone."""
    person: Any = request.user
    form = TokenForm(request.POST or None, initial={"scope": DEPLOY})
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
        "tokens": _shown(ApiToken.objects.filter(user=person)),
        "teams": [_team(request, team) for team in visible(person, Team.objects.all()) if "own" in words(person, team)],
    }
    answer = _page(request, "identity/tokens.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def revoke_view(request: HttpRequest, key: str) -> HttpResponse:
    """End a token of one's own, or of a service account of one's team."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    token = ApiToken.objects.select_related("user__team").filter(token_key=key).first()
    if token is None or not _mine(request, token.user):
        raise Http404
    try:
        services.revoke_token(token=token, actor=request.user)
        messages.success(request, _("The token %(token)s is revoked.") % {"token": token})
    except Refusal as refusal:
        messages.error(request, refused(refusal))
    return HttpResponseRedirect(reverse("admin:tokens"))


def _mine(request: HttpRequest, user: User) -> bool:
    """Whether the tokens of this user stand on the page."""
    person: Any = request.user
    return user == person or (user.team is not None and "own" in words(person, user.team))


def _team(request: HttpRequest, team: Team) -> dict[str, Any]:
    """A team's service accounts, each with its tokens."""
    tokens: dict[Any, list[Any]] = {}
    for each in _shown(ApiToken.objects.filter(user__team=team)):
        tokens.setdefault(each["row"].user_id, []).append(each)
    accounts = [
        {"username": each.username, "tokens": tokens.get(each.pk, [])}
        for each in service_accounts.service_accounts(team)
    ]
    return {"name": team.name, "accounts": accounts}


def _shown(tokens: Any) -> list[dict[str, Any]]:
    return [{"row": each, "may": SCOPE_WORDS[each.scope]} for each in tokens]


def _page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return TemplateResponse(request, template, {**console.each_context(request), **context}, status=status)


register_view("device/", device_view, name="device")
register_view("tokens/", tokens_view, name="tokens")
register_view("tokens/<str:key>/revoke/", revoke_view, name="token_revoke")
register_navigation(
    gettext_noop("You"),
    [
        NavigationItem(gettext_noop("API tokens"), "admin:tokens", "key"),
        NavigationItem(gettext_noop("Security"), "mfa_index", "shield_lock"),
    ],
    order=85,
)
