"""The page on which an operator takes away the second factors of somebody who has lost theirs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminTextInputWidget

from paas.core.pages import acted, page
from paas.core.permissions import visible
from paas.identity import second_factor
from paas.identity.models import User


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        help_text=gettext_lazy("Kept in the audit trail: how you know that it is the person who asks."),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )


def factors(kinds: list[str]) -> str:
    """What a person has, in words; as `second_factor.kinds` has it."""
    keys = kinds.count(second_factor.KEY)
    said = [_("authenticator app")] if second_factor.APP in kinds else []
    said += [ngettext("%(number)d passkey", "%(number)d passkeys", keys) % {"number": keys}] if keys else []
    return ", ".join(said) or _("none")


def reset_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What would go, and the form that does it."""
    user = get_object_or_404(visible(request.user, User.objects.all()), pk=pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)

    def act(said: dict[str, Any]) -> str:
        second_factor.reset(user=user, actor=request.user, **said)
        return _("%(name)s logs in with a password alone now.") % {"name": user}

    if answer := acted(request, form, act, done=reverse("admin:identity_user_change", args=[user.pk])):
        return answer
    context = {
        "title": _("Reset the second factor of %(name)s") % {"name": user},
        "opts": User._meta,
        "original": user,
        "person": user,
        "factors": factors(second_factor.kinds(user)),
        "form": form,
    }
    return page(request, "identity/reset_factor.html", context)
