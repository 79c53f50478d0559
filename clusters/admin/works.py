"""Works in the console: what is delivered where, and how far; written by their owners' services. Held objects are let
go here.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clusters import clicks, held, selectors
from clusters.admin import badges
from clusters.admin.forms import LetGoForm
from clusters.admin.work_page import next_check, progress, work_context, work_snapshot
from clusters.health import Health
from clusters.models import Work
from paas.core.live_lists import LiveList
from paas.core.models import AuditEvent
from paas.core.pages import acted, denied, page, streamed
from paas.core.palette import Hit, register_search
from paas.core.permissions import Actor, visible
from paas.core.site import column, console
from paas.core.sse import stream

MOST_CHANGES = 20


class _ChoiceFilter(admin.SimpleListFilter):
    """By a column of few words."""

    words: tuple[str, ...] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The words, as people read them."""
        return [(word, _(word)) for word in self.words]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Work]) -> QuerySet[Work]:
        """By what was chosen."""
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


class HealthFilter(_ChoiceFilter):
    """By health."""

    title = gettext_lazy("health")
    parameter_name = "health"
    words = tuple(map(str, Health))


class IntentFilter(_ChoiceFilter):
    """By whether it is to be there."""

    title = gettext_lazy("intent")
    parameter_name = "intent"
    words = tuple(map(str, Work.Intent.values))


@admin.register(Work, site=console)
class WorkAdmin(LiveList):
    """The Works of one's teams; operators see all."""

    live_channel = selectors.WORKS_CHANNEL
    list_twin = "GET /api/v1/works/"
    list_display = [
        "title",
        column("cluster", gettext_lazy("Cluster")),
        column("team", gettext_lazy("Team")),
        "health_",
        "progress",
        column("release", gettext_lazy("Release")),
        "next_check",
    ]
    list_filter = [HealthFilter, IntentFilter, "cluster"]
    search_fields = ["owner_name", "name", "cluster__name"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        """With cluster and team."""
        return selectors.works_of(request.user).order_by("owner_name", "name")

    @admin.display(description=gettext_lazy("Work"), ordering="owner_name")
    def title(self, work: Work) -> str:
        """Owner and name."""
        return f"{work.owner_name}/{work.name}"

    @admin.display(description=gettext_lazy("Health"), ordering="health")
    def health_(self, work: Work) -> SafeString:
        """In colour, word and icon."""
        return badges.health(work.health).html()

    @admin.display(description=gettext_lazy("Generation"))
    def progress(self, work: Work) -> str:
        """How far behind."""
        return progress(work)

    @admin.display(description=gettext_lazy("Next check"), ordering="next_check_at")
    def next_check(self, work: Work) -> str:
        """When the loop looks again by itself."""
        return next_check(work)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of a Work."""
        work = self.get_object(request, object_id)
        return page(request, "clusters/work.html", {**work_context(request.user, work), "opts": self.opts})

    def live(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """What the page of a Work tells, as it changes."""
        return streamed(lambda: stream(work_snapshot(request.user, pk), selectors.WORKS_CHANNEL))

    def events_of(self, request: HttpRequest, obj: Work) -> list[AuditEvent]:
        """What was recorded of its latest changes, and it alone: who asked for it, not its owner's other events."""
        return clicks.events_behind(actor=request.user, work_id=obj.pk, most=MOST_CHANGES)

    def get_urls(self) -> list[URLPattern]:
        """And the stream of a Work, and the page on which a held object is let go."""
        view = self.admin_site.admin_view
        own = [
            path("<uuid:pk>/live/", view(self.live), name="clusters_work_live"),
            path("<uuid:pk>/let-go/", view(self.let_go_view), name="clusters_work_let_go"),
        ]
        return [*own, *super().get_urls()]

    def let_go_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """What goes, then its name typed."""
        work = get_object_or_404(selectors.works_of(request.user), pk=pk)
        oid = request.GET.get("object", "")
        kept = next((each for each in held.held(work) if each.oid == oid), None)
        if kept is None:
            raise Http404
        back = reverse("admin:clusters_work_change", args=[pk])
        if refusal := denied(request, "own", work, back=back):
            return refusal
        form = LetGoForm(request.POST if request.method == "POST" else None, expected=kept.name)

        def act(said: dict[str, Any]) -> str:
            held.let_go(work=work, oid=oid, confirm=said["name"], actor=request.user, reason=said["reason"])
            return _("%(name)s is about to be deleted.") % {"name": kept.name}

        if answer := acted(request, form, act, done=back):
            return answer
        context = {
            "title": _("Let %(kind)s %(name)s go") % {"kind": kept.kind, "name": kept.name},
            "opts": self.opts,
            "original": work,
            "work": work,
            "held": kept,
            "form": form,
            "icon": "delete",
            "back": back,
            "twin": f"dougong held release {work.owner_name} {kept.kind}/{kept.name} --cluster {work.cluster.name} · "
            f"POST /api/v1/works/{work.pk}/let-go/",
        }
        return page(request, "clusters/let_go.html", context)


def _search(actor: Actor, term: str, most: int) -> list[Hit]:
    """By its own name, or OWNER/NAME: by the owner's alone the owner is found."""
    owner, _slash, name = term.rpartition("/")
    named = Work.objects.filter(name__icontains=name, owner_name__icontains=owner)
    found = visible(actor, named).select_related("cluster")
    rows = found.only("name", "owner_name", "cluster__name").order_by("owner_name", "name", "cluster__name")
    return [
        Hit(
            f"{each.owner_name}/{each.name}",
            reverse("admin:clusters_work_change", args=[each.pk]),
            _("Work"),
            each.cluster.name,
            "deployed_code",
        )
        for each in rows[:most]
    ]


register_search("works", _search, order=100)
