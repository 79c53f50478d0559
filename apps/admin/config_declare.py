"""Declaring a key in place: what its values must be in a layer and all nearer ones, and who accepts their changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from apps import services
from apps.admin.layers import editable, layer_api, layer_page
from apps.config import DECLARING, TYPES, Declaration
from apps.selectors import config as layers
from apps.selectors.config import Scope
from apps.services.config import Changed, Edit, hold
from paas.core.api import changed_meanwhile
from paas.core.errors import Refusal
from paas.core.forms import ReasonForm
from paas.core.site import refuse

MOST_CHOICES = 100


class DeclarationForm(ReasonForm):
    """What values of a key must be. `version` is that of the layer as it was read."""

    key = forms.CharField(
        max_length=253, label=gettext_lazy("Key"), widget=UnfoldAdminTextInputWidget({"autocomplete": "off"})
    )
    type = forms.ChoiceField(
        choices=[(each, each) for each in TYPES], label=gettext_lazy("Type"), widget=UnfoldAdminSelectWidget()
    )
    choices = forms.CharField(
        required=False,
        label=gettext_lazy("What it may be, of type choice: one a line"),
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
    )
    description = forms.CharField(
        required=False,
        max_length=500,
        label=gettext_lazy("What it is for"),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )
    required = forms.BooleanField(
        required=False,
        label=gettext_lazy("Required: no release without a value"),
        widget=UnfoldBooleanWidget,
    )
    protected = forms.BooleanField(
        required=False,
        label=gettext_lazy("Protected: another person accepts each change"),
        widget=UnfoldBooleanWidget,
    )
    remove = forms.BooleanField(
        required=False, label=gettext_lazy("Declare it no longer in this layer"), widget=UnfoldBooleanWidget
    )
    version = forms.IntegerField(widget=forms.HiddenInput)
    field_order = ("key", "type", "choices", "description", "required", "protected", "remove", "reason")

    def clean_choices(self) -> tuple[str, ...]:
        """Each once, in their order."""
        found = dict.fromkeys(filter(None, (line.strip() for line in self.cleaned_data["choices"].splitlines())))
        if len(found) > MOST_CHOICES:
            raise forms.ValidationError(_("At most %(number)s choices.") % {"number": MOST_CHOICES})
        return tuple(found)

    @property
    def declaration(self) -> Declaration | None:
        """What was filled in; None where it is to be taken away."""
        said = self.cleaned_data
        if said["remove"]:
            return None
        names = ("type", "choices", "required", "protected", "description")
        return Declaration(**{name: said[name] for name in names})


@dataclass(frozen=True)
class Declaring:
    """A form being filled in; `protected` where another person accepts the change, `present` where one is declared."""

    scope: Scope
    form: DeclarationForm
    present: Declaration | None
    protected: bool

    @property
    def twin(self) -> str:
        """How the command line and the API do it."""
        marks = [f" --{name}" for name in ("required", "protected") if self.form[name].value()]
        how = f"--type {self.form['type'].value() or 'TYPE'}{''.join(marks)}"
        if self.form["remove"].value():
            how = "--remove"
        key = self.form["key"].value() or "KEY"
        return f"dougong config declare {self.scope} {key} {how} · PATCH {layer_api(self.scope)}"


def declaring(request: HttpRequest, scope: Scope) -> Declaring | HttpResponse | None:
    """What is being declared on a layer's page; None where nothing is, a redirect once it is done."""
    if request.method == "POST" and "declare" in request.POST:
        return _sent(request, scope)
    offered = scope.kind in DECLARING and "declare" in request.GET
    if request.method == "GET" and offered and editable(request.user, scope):
        return _fresh(scope, request.GET["declare"])
    return None


def _fresh(scope: Scope, key: str) -> Declaring:
    present = _present(scope, key)
    about = present or Declaration()
    said = {**about.to_json(), "choices": "\n".join(about.choices)}
    form = DeclarationForm(initial={"key": key, **said, "version": layers.scope_version(scope)})
    return Declaring(scope, form, present, _protected(scope, key))


def _sent(request: HttpRequest, scope: Scope) -> Declaring | HttpResponse:
    form, key = DeclarationForm(request.POST), request.POST.get("key", "")
    protected = _protected(scope, key)
    form.fields["reason"].required = protected
    if form.is_valid():
        try:
            changed = _change(request, scope, form)
        except Refusal as refusal:
            form = DeclarationForm({**request.POST.dict(), "version": str(layers.scope_version(scope))})
            form.is_valid()
            refuse(form, refusal)
        else:
            messages.success(request, _told(scope, changed, form.cleaned_data))
            return HttpResponseRedirect(layer_page(scope))
    return Declaring(scope, form, _present(scope, key), protected)


def _change(request: HttpRequest, scope: Scope, form: DeclarationForm) -> Changed:
    """On the layer as it was read: what another person changed meanwhile is not written over unseen."""
    said = form.cleaned_data
    with transaction.atomic():
        held = hold(scope)
        if held.version != said["version"]:
            raise changed_meanwhile(held)
        edit = Edit(declarations={said["key"]: form.declaration})
        return services.change_config(scope=scope, edit=edit, actor=request.user, reason=said["reason"])


def _told(scope: Scope, changed: Changed, said: Mapping[str, Any]) -> str:
    names = {"key": said["key"], "layer": scope}
    if changed.proposal is not None:
        return _("%(key)s is proposed: another person who may edit %(layer)s accepts it.") % names
    if not changed.keys:
        return _("Nothing is different.")
    if said["remove"]:
        return _("%(layer)s declares %(key)s no longer. What runs stays as it is.") % names
    return _("%(layer)s declares %(key)s. What runs stays as it is.") % names


def _present(scope: Scope, key: str) -> Declaration | None:
    entry = layers.entries([scope.id])[scope.id].get(key)
    return entry.declaration if entry else None


def _protected(scope: Scope, key: str) -> bool:
    return bool(key) and bool(layers.protected(scope, [key]))
