"""Changing a key in place: a form over the matrix, a rehearsal that shows what would be released, then the change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from apps import services
from apps.admin.layers import layer_api, layer_page
from apps.selectors import config as layers
from apps.selectors.config import Scope
from apps.services.config import Changed, Edit, hold
from paas.core.api import changed_meanwhile
from paas.core.errors import Refusal
from paas.core.forms import ReasonForm
from paas.core.site import refuse, refused


class ConfigForm(ReasonForm):
    """A key of a layer: its value, or that it is to be taken away. `version` is that of the layer as it was read."""

    at = forms.CharField(widget=forms.HiddenInput)
    key = forms.CharField(
        max_length=253, label=gettext_lazy("Key"), widget=UnfoldAdminTextInputWidget({"autocomplete": "off"})
    )
    value = forms.CharField(
        required=False, strip=False, label=gettext_lazy("Value"), widget=UnfoldAdminTextareaWidget({"rows": 3})
    )
    unset = forms.BooleanField(
        required=False, label=gettext_lazy("Take it away from this layer"), widget=UnfoldBooleanWidget
    )
    release = forms.BooleanField(
        required=False,
        label=gettext_lazy("Release the environments whose values change; else they take it with their next deploy"),
        widget=UnfoldBooleanWidget,
    )
    version = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_value(self) -> str:
        """As it was typed: browsers send lines apart by two characters."""
        return str(self.cleaned_data["value"]).replace("\r\n", "\n")


@dataclass(frozen=True)
class Editing:
    """A form being filled in, what the layer says now, and what a rehearsal came to."""

    scope: Scope
    form: ConfigForm
    present: str | None
    protected: bool
    foreseen: Changed | None = None

    @property
    def twin(self) -> str:
        """How the command line and the API do it."""
        key = self.form["key"].value() or "KEY"
        verb = "unset" if self.form["unset"].value() else "set"
        value = "" if verb == "unset" else "=VALUE"
        return f"dougong config {verb} {self.scope} {key}{value} · PATCH {layer_api(self.scope)}"


def editing(request: HttpRequest, page: Scope) -> Editing | HttpResponse | None:
    """What is being edited on a layer's page; None where nothing is, a redirect once it is done."""
    given = request.POST if request.method == "POST" else request.GET
    if request.method != "POST" and "edit" not in given:
        return None
    try:
        kind, _slash, name = given.get("at", str(page)).partition("/")
        scope = layers.find_scope(request.user, kind, name)
    except Refusal as refusal:
        messages.error(request, refused(refusal))
        return HttpResponseRedirect(layer_page(page))
    return _sent(request, page, scope) if request.method == "POST" else _fresh(scope, given.get("edit", ""))


def _fresh(scope: Scope, key: str) -> Editing:
    value = _present(scope, key)
    at = {"at": str(scope), "key": key, "value": value or "", "release": True}
    form = ConfigForm(initial={**at, "version": layers.scope_version(scope)})
    return Editing(scope, form, value, _protected(scope, key))


def _sent(request: HttpRequest, page: Scope, scope: Scope) -> Editing | HttpResponse:
    """Rehearsed where it would release something and that was not seen yet, else carried out."""
    form = ConfigForm(request.POST)
    key = request.POST.get("key", "")
    value, protected = _present(scope, key), _protected(scope, key)
    form.fields["reason"].required = protected
    foreseen = None
    if form.is_valid():
        said = form.cleaned_data
        try:
            foreseen = _change(request, scope, said, dry_run=True)
            if not (foreseen.releases or foreseen.proposal) or said["seen"] == _order(said):
                changed = _change(request, scope, said, dry_run=False)
                messages.success(request, _told(scope, changed))
                return HttpResponseRedirect(layer_page(page))
            form = _again(request, seen=_order(said))
        except Refusal as refusal:
            foreseen = None
            form = _again(request, seen="", version=layers.scope_version(scope))
            form.is_valid()
            refuse(form, refusal)
    return Editing(scope, form, value, protected, foreseen)


def _change(request: HttpRequest, scope: Scope, said: Mapping[str, Any], *, dry_run: bool) -> Changed:
    """On the layer as it was read: what another person changed meanwhile is not written over unseen."""
    with transaction.atomic():
        held = hold(scope)
        if held.version != said["version"]:
            raise changed_meanwhile(held)
        return services.change_config(
            scope=scope,
            edit=Edit({said["key"]: None if said["unset"] else said["value"]}),
            actor=request.user,
            reason=said["reason"],
            release=said["release"],
            dry_run=dry_run,
        )


def _again(request: HttpRequest, **hidden: Any) -> ConfigForm:
    data = request.POST.copy()
    for name, value in hidden.items():
        data[name] = str(value)
    return ConfigForm(data)


def _order(said: Mapping[str, Any]) -> str:
    """What was seen in a rehearsal: another order is rehearsed anew."""
    return json.dumps([said["at"], said["key"], said["value"], said["unset"], said["release"], said["version"]])


def _told(scope: Scope, changed: Changed) -> str:
    keys = {"keys": ", ".join(changed.keys), "layer": scope, "number": len(changed.releases)}
    if changed.proposal is not None:
        return _("%(keys)s is proposed: another person who may edit %(layer)s accepts it.") % keys
    if not changed.keys:
        return _("Nothing is different.")
    if not changed.releases:
        return _("%(layer)s has changed: %(keys)s. No environment was released.") % keys
    return _("%(layer)s has changed: %(keys)s. Environments released: %(number)s.") % keys


def _present(scope: Scope, key: str) -> str | None:
    entry = layers.entries([scope.id])[scope.id].get(key)
    return entry.value if entry else None


def _protected(scope: Scope, key: str) -> bool:
    return bool(key) and bool(layers.protected(scope, [key]))
