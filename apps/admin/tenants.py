"""The page of a team's limits: what it gets in its namespaces on each cluster, which layer says so, and for operators
the form that changes a layer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps import services
from apps.admin.views import acted, denied, page
from apps.selectors.consumers import Consumer, consumers
from apps.selectors.tenants import Tenant, Usage, share, tenants, usage
from apps.tenants import CLOSED, FIGURES, LIMITS, NO_ROLE, OPEN, SWITCHES, UNLIMITED, Decided
from clusters.admin.tables import Table
from clusters.models import Cluster
from paas.core.forms import ReasonForm
from paas.core.moments import when
from paas.core.permissions import is_operator, visible
from paas.core.site import register_view
from paas.identity.models import Team

INHERITED = "inherited"
MOST_CONSUMERS = 10
MOST_SHOWN = 200
TITLES = {
    "cpu": gettext_noop("CPU, requested"),
    "memory": gettext_noop("Memory, requested"),
    "pods": gettext_noop("Pods"),
    "storage": gettext_noop("Storage, requested"),
    "volumes": gettext_noop("Volume claims"),
    "egress": gettext_noop("Connections out"),
    "registries": gettext_noop("Registries of images"),
    "pools": gettext_noop("Pools of nodes, the first where none is named"),
    "placement": gettext_noop("Environments of the team"),
}
WORDS = {UNLIMITED: gettext_noop("unlimited"), CLOSED: gettext_noop("closed"), OPEN: gettext_noop("open")}


class PolicyForm(ReasonForm):
    """Figures of one layer; what is left empty stays as it is."""

    whose = forms.ChoiceField(label=gettext_lazy("For"), widget=UnfoldAdminSelectWidget())
    cluster = forms.ChoiceField(required=False, label=gettext_lazy("On"), widget=UnfoldAdminSelectWidget())
    cpu = forms.CharField(required=False, max_length=40)
    memory = forms.CharField(required=False, max_length=40)
    pods = forms.CharField(required=False, max_length=40)
    storage = forms.CharField(required=False, max_length=40)
    volumes = forms.CharField(required=False, max_length=40)
    egress = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget())
    registries = forms.CharField(required=False, max_length=4000)
    pools = forms.CharField(required=False, max_length=1500)
    placement = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget())
    group = forms.CharField(
        required=False,
        max_length=253,
        label=gettext_lazy("Group, as the cluster's own directory names it"),
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
    )
    role = forms.ChoiceField(required=False, label=gettext_lazy("Its role"), widget=UnfoldAdminSelectWidget())
    field_order = ("whose", "cluster", *FIGURES, "group", "role", "reason")

    def __init__(self, *given: Any, team: Team, clusters: list[str], **options: Any) -> None:
        super().__init__(*given, **options)
        for name in FIGURES:
            self.fields[name].label = _(TITLES[name])
            if name not in SWITCHES:
                self.fields[name].widget = UnfoldAdminTextInputWidget({"autocomplete": "off"})
        choices: Any = self.fields
        choices["whose"].choices = [("team", _("team %(team)s") % {"team": team}), ("", _("all teams"))]
        choices["whose"].required = False
        choices["cluster"].choices = [("", _("all clusters")), *((name, name) for name in clusters)]
        choices["egress"].choices = [
            ("", _("as it is")),
            (CLOSED, _("closed: the namespace itself, the gateway and DNS; blocks `egress` open more")),
            (OPEN, _("open: anywhere, where no block `egress` says otherwise")),
            (INHERITED, _("inherited")),
        ]
        choices["placement"].choices = [
            ("", _("as it is")),
            (CLOSED, _("closed: none comes there that is not there yet")),
            (OPEN, _("open: they may be placed there")),
            (INHERITED, _("inherited")),
        ]
        choices["role"].choices = [
            ("view", _("view: sees all but secrets")),
            ("edit", _("edit: changes what is there, secrets and terminals included")),
            (NO_ROLE, _("none")),
            (INHERITED, _("inherited")),
        ]

    @property
    def figures(self) -> dict[str, Any]:
        """Those that were named."""
        given = {name: self.cleaned_data[name] for name in FIGURES if self.cleaned_data[name]}
        return {name: None if value == INHERITED else value for name, value in given.items()}

    @property
    def groups(self) -> dict[str, str | None]:
        """The one that was named."""
        name, role = self.cleaned_data["group"], self.cleaned_data["role"]
        return {name: None if role == INHERITED else role} if name else {}


def show(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What holds, and for operators the form."""
    team = get_object_or_404(visible(request.user, Team.objects.all()), pk=pk)
    if request.method == "POST" and (refusal := denied(request, "operate", None, back=request.path)):
        return refusal
    form = _form(request, team) if is_operator(request.user) else None
    if form is not None and (answer := acted(request, form, _act(request, team, form), done=request.path)):
        return answer
    return page(
        request,
        "applications/tenant.html",
        {
            "title": _("Limits of %(team)s") % {"team": team},
            "opts": Team._meta,
            "original": team,
            "team": team,
            **_tables(tenants(team)),
            "usage": _usage(usage(team)[:MOST_SHOWN]),
            "consumers": _consumers(consumers(team)[:MOST_CONSUMERS]),
            "form": form,
        },
    )


def _tables(found: list[Tenant]) -> dict[str, Table]:
    rows = [
        [each.cluster.name, each.environments, *(_cell(figure) for figure in each.figures.values())] for each in found
    ]
    headers = [_("Cluster"), _("Environments"), *(_(TITLES[name]) for name in FIGURES)]
    groups = [
        [each.cluster.name, name, _cell(role), _("once the cluster is joined again") if each.waits else _("in force")]
        for each in found
        for name, role in each.groups.items()
    ]
    titles = [_("Cluster"), _("Group"), _("Role"), _("State")]
    return {
        "table": Table(_("In each of its namespaces"), headers, rows, _("No cluster has joined yet.")),
        "groups": Table(_("Groups that reach its namespaces past Dougong"), titles, groups, _("none")),
    }


def _usage(found: list[Usage]) -> Table:
    rows = [
        [each.environment, each.cluster, *(_bar(each.figures.get(name)) for name in LIMITS), when(each.seen_at)]
        for each in found
    ]
    headers = [_("Environment"), _("Cluster"), *(_(TITLES[name]) for name in LIMITS), _("Seen")]
    return Table(_("How full they are, the fullest first"), headers, rows, _("None has been counted yet."))


def _consumers(found: list[Consumer]) -> Table:
    rows = [
        [
            each.process,
            each.environment,
            each.cluster,
            each.pods,
            f"{each.cpu.normalize():f}",
            f"{each.memory / 2**30:.2f} GiB",
            render_to_string(
                "applications/bar.html",
                {"text": f"{each.part * 100:.0f} %", "value": round(each.part * 100), "most": 100},
            ),
        ]
        for each in found
    ]
    titles = [_("Process"), _("Environment"), _("Cluster"), _("Pods"), _("Cores"), _("Memory"), _("Part")]
    return Table(_("What asks for most, in the fullest environments"), titles, rows, _("None has been counted yet."))


def _bar(figure: tuple[str, str] | None) -> str:
    if figure is None:
        return _("unlimited")
    used, limit = figure
    percent = min(int(share(used, limit) * 100), 100)
    return render_to_string("applications/bar.html", {"text": f"{used} / {limit}", "value": percent, "most": 100})


def _cell(figure: Decided) -> str:
    value = str(figure.value)
    shown = _(WORDS[value]) if value in WORDS else value
    return format_html('{}<span class="block text-xs">{}</span>', shown, figure.layer or _("default"))


def _form(request: HttpRequest, team: Team) -> PolicyForm:
    names = list(Cluster.objects.order_by("name").values_list("name", flat=True))
    given = request.POST if request.method == "POST" else None
    return PolicyForm(given, team=team, clusters=names, initial={"whose": "team"})


def _act(request: HttpRequest, team: Team, form: PolicyForm) -> Callable[[dict[str, Any]], str]:
    def act(said: dict[str, Any]) -> str:
        held = services.set_tenant_policy(
            team=team if said["whose"] else None,
            cluster=Cluster.objects.get(name=said["cluster"]) if said["cluster"] else None,
            figures=form.figures,
            groups=form.groups,
            actor=request.user,
            reason=said["reason"],
        )
        return _("Changed; %(count)s namespaces follow within half a minute.") % {"count": held.grounds}

    return act


register_view("teams/<uuid:pk>/limits/", show, name="team_limits")
