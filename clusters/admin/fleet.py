"""Clusters in the console: the fleet at a glance, one cluster on a page, and what operators do to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from clusters import departure, registry, selectors
from clusters.admin import badges, tables
from clusters.admin.forms import CredentialForm, LabelsForm, RegisterForm, UnregisterForm
from clusters.admin.page import page_context
from clusters.models import Cluster
from paas.core.errors import Refusal
from paas.core.permissions import allowed
from paas.core.site import ConsoleModelAdmin, NavigationItem, console, register_navigation

SWITCHES: dict[str, Callable[..., Cluster]] = {
    "cordon": registry.cordon,
    "uncordon": registry.uncordon,
    "suspend": registry.suspend,
    "resume": registry.resume,
}


@admin.register(Cluster, site=console)
class ClusterAdmin(ConsoleModelAdmin):
    """The fleet: read by all, changed by operators."""

    create_permission = "operate"
    form = RegisterForm
    fields = ["name", "kubeconfig", "context", "labels"]
    list_display = ["name", "state", "api", "nodes", "version_", "ends", "last_seen", "works", "capacity"]
    list_filter = ["cordoned", "suspended"]
    search_fields = ["name", "server", "labels"]
    ordering = ["name"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """With what the list shows, in a fixed number of queries."""
        return selectors.with_dates(selectors.fleet(request.user))

    # --- the list ---

    @admin.display(description="API")
    def api(self, cluster: Cluster) -> SafeString:
        """Answers, and how fast; or why not."""
        return badges.reach(cluster).html()

    @admin.display(description="Ready nodes")
    def nodes(self, cluster: Cluster) -> str:
        """Ready of all."""
        nodes = cluster.facts.get("nodes") or []
        return f"{sum(node['ready'] for node in nodes)}/{len(nodes)}" if nodes else "–"

    @admin.display(description="Version")
    def version_(self, cluster: Cluster) -> SafeString:
        """Proven or not."""
        return badges.version(cluster).html()

    @admin.display(description="Allocatable")
    def capacity(self, cluster: Cluster) -> SafeString | str:
        """What ready nodes offer, of all there is."""
        return render_to_string("clusters/capacity.html", {"bars": badges_of_capacity(cluster)}) or "–"

    @admin.display(description="Token, certificate")
    def ends(self, cluster: Cluster) -> SafeString:
        """Until when."""
        return _together(list(badges.ends(cluster, timezone.now())))

    @admin.display(description="Last seen")
    def last_seen(self, cluster: Cluster) -> str:
        """How long ago."""
        return badges.seen(cluster, timezone.now())

    @admin.display(description="Works", ordering="works_count")
    def works(self, cluster: Cluster) -> int:
        """How many are delivered to it."""
        count: int = getattr(cluster, "works_count", 0)
        return count

    @admin.display(description="State")
    def state(self, cluster: Cluster) -> SafeString:
        """What people set, and what is wrong."""
        return _together(badges.state(cluster))

    # --- one cluster ---

    def get_urls(self) -> list[URLPattern]:
        """The pages of one cluster; every change is a POST."""
        view = self.admin_site.admin_view
        own = [
            path("<uuid:pk>/do/<slug:verb>/", view(self.do_view), name="clusters_cluster_do"),
            path("<uuid:pk>/unregister/", view(self.unregister_view), name="clusters_cluster_unregister"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of a cluster in the place of a form."""
        cluster = self.get_object(request, object_id)
        if cluster is None:
            answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return answer
        context = {
            **self.admin_site.each_context(request),
            **page_context(request, cluster),
            "opts": self.opts,
            "labels_form": LabelsForm(initial={"labels": cluster.labels}),
            "credential_form": CredentialForm(),
        }
        return TemplateResponse(request, "clusters/cluster.html", context)

    def do_view(self, request: HttpRequest, pk: Any, verb: str) -> HttpResponse:
        """One change to one cluster, then back to its page; a refusal is told there."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        cluster = self.get_queryset(request).filter(pk=pk).first()
        if cluster is None:
            return HttpResponseRedirect(reverse("admin:clusters_cluster_changelist"))
        try:
            done = _do(request, cluster, verb)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, done) if done else messages.error(request, "Nothing was changed.")
        return HttpResponseRedirect(reverse("admin:clusters_cluster_change", args=[cluster.pk]))

    def unregister_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """The list of what it concerns first, then a typed name."""
        cluster = self.get_queryset(request).filter(pk=pk).first()
        if cluster is None or not allowed(request.user, "operate", cluster):
            return HttpResponseRedirect(reverse("admin:clusters_cluster_changelist"))
        form = UnregisterForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            if said["name"] != cluster.name:
                form.add_error("name", f"Type the name of the cluster: {cluster.name}.")
            elif answer := _unregister(request, cluster, said):
                return answer
        works = selectors.works_of(request.user).filter(cluster=cluster)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Unregister {cluster.name}",
            "original": cluster,
            "opts": self.opts,
            "cluster": cluster,
            "form": form,
            "table": tables.works(works[:200], "It concerns these Works"),
        }
        return TemplateResponse(request, "clusters/unregister.html", context)

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


def _do(request: HttpRequest, cluster: Cluster, verb: str) -> str:
    """Call the service; what to tell, or "" where the form was not filled in."""
    actor: Any = request.user
    if verb in SWITCHES:
        SWITCHES[verb](cluster=cluster, actor=actor, reason=request.POST.get("reason", "")[:2000])
        return f"{cluster.name}: {verb} done."
    if verb == "labels":
        labels = LabelsForm(request.POST)
        if labels.is_valid():
            registry.update_cluster(cluster=cluster, labels=labels.cleaned_data["labels"], actor=actor)
            return f"{cluster.name}: labels saved."
    if verb == "credential":
        credential = CredentialForm(request.POST)
        if credential.is_valid():
            registry.replace_credential(cluster=cluster, kubeconfig=credential.cleaned_data["kubeconfig"], actor=actor)
            return f"{cluster.name}: the new credential is in force."
    return ""


def _unregister(request: HttpRequest, cluster: Cluster, said: dict[str, Any]) -> HttpResponse | None:
    try:
        leaving = departure.unregister_cluster(
            cluster=cluster,
            actor=request.user,
            remove=said["fate"] == "remove",
            leave_running=said["fate"] == "leave",
            reason=said["reason"],
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return None
    done = "is unregistered" if leaving is None else "is leaving: it goes when the last of its objects is removed"
    messages.success(request, f"{cluster.name} {done}.")
    return HttpResponseRedirect(reverse("admin:clusters_cluster_changelist"))


def badges_of_capacity(cluster: Cluster) -> list[dict[str, Any]]:
    """[{"name", "text", "percent"}] for CPU and memory; empty before the first sight."""
    whole, free = cluster.facts.get("capacity"), cluster.facts.get("allocatable")
    if not whole or not free:
        return []
    cpu, memory = free["cpu_millicores"], free["memory_bytes"]
    rows = [
        ("CPU", f"{cpu / 1000:g}/{whole['cpu_millicores'] / 1000:g} cores", cpu, whole["cpu_millicores"]),
        ("Memory", f"{memory / 2**30:.0f}/{whole['memory_bytes'] / 2**30:.0f} GiB", memory, whole["memory_bytes"]),
    ]
    return [{"name": name, "text": text, "percent": round(100 * part / (of or 1))} for name, text, part, of in rows]


def _together(shown: list[badges.Badge]) -> SafeString:
    return mark_safe(" ".join(badge.html() for badge in shown))  # noqa: S308 - each was rendered by a template


register_navigation(
    "Fleet",
    [
        NavigationItem("Clusters", "admin:clusters_cluster_changelist", "dns"),
        NavigationItem("Works", "admin:clusters_work_changelist", "deployed_code"),
    ],
    order=60,
)
