"""Clusters in the console: the fleet at a glance, one cluster on a page, and what operators do to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.forms import Form, ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from clusters import departure, registry, selectors
from clusters.admin import grid, tables
from clusters.admin.forms import CredentialForm, LabelsForm, RegisterForm, UnregisterForm
from clusters.admin.page import cluster_snapshot, page_context
from clusters.models import Cluster
from paas.core import filters
from paas.core.errors import Refusal
from paas.core.pages import acted, denied, page, streamed
from paas.core.palette import Hit, register_search
from paas.core.permissions import fresh, is_operator
from paas.core.site import (
    ConsoleModelAdmin,
    HomeSection,
    NavigationItem,
    console,
    refuse,
    refused,
    register_home_section,
    register_navigation,
)
from paas.core.sse import Snapshot, stream

SWITCHES: dict[str, tuple[Callable[..., Cluster], str]] = {
    "cordon": (registry.cordon, gettext_noop("%(name)s is cordoned: nothing new is placed there.")),
    "uncordon": (registry.uncordon, gettext_noop("%(name)s is not cordoned any more.")),
    "suspend": (registry.suspend, gettext_noop("%(name)s is suspended: nothing is written there.")),
    "resume": (registry.resume, gettext_noop("%(name)s is delivered to and repaired again.")),
}
FORMS: dict[str, type[Form]] = {"labels": LabelsForm, "credential": CredentialForm}


@admin.register(Cluster, site=console)
class ClusterAdmin(ConsoleModelAdmin):
    """The fleet: read by all, changed by operators."""

    create_permission = "operate"
    create_twin = "dougong cluster join NAME --kubeconfig admin.yaml · POST /api/v1/clusters/"
    form = RegisterForm
    fields = ["name", "kubeconfig", "context", "labels"]
    search_fields = ["name", "server", "labels"]
    ordering = ["name"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """With what the list shows, in a fixed number of queries."""
        return selectors.with_dates(selectors.fleet(request.user))

    # --- the fleet ---

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Tiles, or the same as a table, in the place of Django's list."""
        asked = grid.Asked.of(request.GET)
        as_table = request.GET.get("as") == "table"
        query = request.GET.urlencode()
        live = reverse("admin:clusters_fleet_live")
        context = {
            **grid.context(request.user, asked, timezone.now()),
            "title": _("Fleet"),
            "opts": self.opts,
            "asked": asked,
            "as_table": as_table,
            "states": grid.STATES,
            "live": f"{live}{'?' if query else ''}{query}",
            "tiles_href": _query(request, as_table=False),
            "table_href": _query(request, as_table=True),
            "may_register": self.has_add_permission(request),
            "saved": filters.shown(request, "clusters_cluster"),
        }
        return page(request, "clusters/fleet.html", context)

    def live_view(self, request: HttpRequest) -> HttpResponseBase:
        """The fleet as it changes."""
        asked, as_table = grid.Asked.of(request.GET), request.GET.get("as") == "table"
        snapshot = fleet_snapshot(request.user, asked, as_table=as_table)
        return streamed(lambda: stream(snapshot, selectors.FLEET_CHANNEL))

    # --- one cluster ---

    def get_urls(self) -> list[URLPattern]:
        """The pages of one cluster; every change is a POST."""
        view = self.admin_site.admin_view
        own = [
            path("live/", view(self.live_view), name="clusters_fleet_live"),
            path("<uuid:pk>/live/", view(self.cluster_live), name="clusters_cluster_live"),
            path("<uuid:pk>/do/<slug:verb>/", view(self.do_view), name="clusters_cluster_do"),
            path("<uuid:pk>/unregister/", view(self.unregister_view), name="clusters_cluster_unregister"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of a cluster in the place of a form."""
        cluster = self.get_object(request, object_id)
        return self._page(request, cluster)

    def cluster_live(self, request: HttpRequest, pk: Any) -> HttpResponseBase:
        """What the page of a cluster tells of it and its Works, as it changes."""
        snapshot = cluster_snapshot(request.user, pk)
        return streamed(lambda: stream(snapshot, selectors.FLEET_CHANNEL, selectors.WORKS_CHANNEL))

    def _page(self, request: HttpRequest, cluster: Cluster, **given: Any) -> HttpResponse:
        """With its forms, or one that was refused."""
        context = {
            **page_context(request.user, cluster),
            "opts": self.opts,
            "labels_form": LabelsForm(initial={"labels": cluster.labels}),
            "credential_form": CredentialForm(),
            **given,
        }
        return page(request, "clusters/cluster.html", context)

    def do_view(self, request: HttpRequest, pk: Any, verb: str) -> HttpResponse:
        """One change to one cluster, then back to its page; what was refused is told there and stays filled in."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        cluster = get_object_or_404(self.get_queryset(request), pk=pk)
        form = FORMS[verb](request.POST) if verb in FORMS else None
        if form is None or form.is_valid():
            try:
                messages.success(request, _do(request, cluster, verb, form.cleaned_data if form else {}))
            except Refusal as refusal:
                if form is None:
                    messages.error(request, refused(refusal))
                else:
                    refuse(form, refusal)
        if form is not None and form.errors:
            return self._page(request, cluster, **{f"{verb}_form": form, "tried": verb})
        return HttpResponseRedirect(reverse("admin:clusters_cluster_change", args=[cluster.pk]))

    def unregister_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """The list of what it concerns first, then a typed name."""
        cluster = get_object_or_404(self.get_queryset(request), pk=pk)
        back = reverse("admin:clusters_cluster_change", args=[cluster.pk])
        if refusal := denied(request, "operate", cluster, back=back):
            return refusal
        form = UnregisterForm(request.POST if request.method == "POST" else None, expected=cluster.name)

        def act(said: dict[str, Any]) -> str:
            return _unregister(request, cluster, said)

        if answer := acted(request, form, act, done=reverse("admin:clusters_cluster_changelist")):
            return answer
        works = selectors.works_of(request.user).filter(cluster=cluster)
        address = f"/api/v1/clusters/{cluster.name}/"
        context = {
            "title": _("Unregister %(name)s") % {"name": cluster.name},
            "original": cluster,
            "opts": self.opts,
            "form": form,
            "icon": "logout",
            "back": back,
            "twin": f"dougong cluster leave {cluster.name} --remove-workloads|--keep-workloads · DELETE {address}",
            "table": tables.works(works[:200], _("It concerns these Works")),
        }
        return page(request, "clusters/unregister.html", context)

    def service_create(self, request: HttpRequest, form: ModelForm[Any]) -> Cluster:
        """Register."""
        said = form.cleaned_data
        return registry.register_cluster(
            name=said["name"],
            actor=request.user,
            kubeconfig=said["kubeconfig"],
            context=said["context"] or None,
            labels=said["labels"],
        )


def _do(request: HttpRequest, cluster: Cluster, verb: str, said: dict[str, Any]) -> str:
    """Call the service; what to tell."""
    actor: Any = request.user
    if verb == "labels":
        registry.update_cluster(cluster=cluster, labels=said["labels"], actor=actor)
        return _("%(name)s: labels saved.") % {"name": cluster.name}
    if verb == "credential":
        registry.replace_credential(cluster=cluster, kubeconfig=said["kubeconfig"], actor=actor)
        return _("%(name)s: the new credential is in force.") % {"name": cluster.name}
    if verb not in SWITCHES:
        raise Http404
    switch, told = SWITCHES[verb]
    switch(cluster=cluster, actor=actor, reason=request.POST.get("reason", "")[:2000])
    return _(told) % {"name": cluster.name}


def _unregister(request: HttpRequest, cluster: Cluster, said: dict[str, Any]) -> str:
    """Call the service; what to tell."""
    leaving = departure.unregister_cluster(
        cluster=cluster,
        actor=request.user,
        remove=said["fate"] == "remove",
        leave_running=said["fate"] == "leave",
        reason=said["reason"],
    )
    done = _("%(name)s is leaving: it goes when the last of its objects is removed.")
    if leaving is None:
        done = _("%(name)s is unregistered.")
    return done % {"name": cluster.name}


def fleet_snapshot(actor: Any, asked: grid.Asked, *, as_table: bool) -> Snapshot:
    """{"html"} of the tiles or the table."""
    template = "clusters/fleet_table.html" if as_table else "clusters/tiles.html"

    def read() -> dict[str, Any]:
        return {"html": render_to_string(template, grid.context(fresh(actor), asked, timezone.now()))}

    return read


def _query(request: HttpRequest, *, as_table: bool) -> str:
    """The address of the same fleet as tiles or as a table."""
    query = request.GET.copy()
    query.pop("as", None)
    if as_table:
        query["as"] = "table"
    return f"?{query.urlencode()}"


def _home(request: HttpRequest) -> dict[str, Any] | None:
    """The fleet comes first for those who operate it."""
    if not is_operator(request.user):
        return None
    return grid.context(request.user, grid.Asked(), timezone.now())


def _search(actor: Any, term: str, most: int) -> list[Hit]:
    return [
        Hit(each.name, reverse("admin:clusters_cluster_change", args=[each.pk]), _("cluster"), each.server, "dns")
        for each in grid.found(actor, term, most)
    ]


register_home_section(HomeSection("fleet", 5, "clusters/home.html", _home))
register_search("clusters", _search, order=50)
register_navigation(
    gettext_noop("Fleet"),
    [
        NavigationItem(gettext_noop("Clusters"), "admin:clusters_cluster_changelist", "dns"),
        NavigationItem(gettext_noop("Works"), "admin:clusters_work_changelist", "deployed_code"),
    ],
    order=60,
)
