"""The audit trail in the console: search, each event whole, export. Read by operators and auditors, never written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, cast

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from paas.core import meanings
from paas.core.audit.api import export
from paas.core.models import AuditEvent
from paas.core.permissions import is_overseer
from paas.core.site import ConsoleModelAdmin, NavigationItem, column, console, register_navigation

MOST = 5000  # events that the list pages through; more are exported

# Each action once, by hops along the index: SELECT DISTINCT would read all of it.
_ACTIONS = """
    WITH RECURSIVE found AS (
        (SELECT action FROM core_auditevent ORDER BY action USING ~<~ LIMIT 1)
        UNION ALL
        SELECT (SELECT action FROM core_auditevent WHERE action ~>~ found.action ORDER BY action USING ~<~ LIMIT 1)
        FROM found WHERE found.action IS NOT NULL
    )
    SELECT action FROM found WHERE action IS NOT NULL ORDER BY action
"""


EventPart = Callable[[HttpRequest, AuditEvent], SafeString]
"""What a room tells of an event on its page, as HTML; only operators and auditors get there."""

_parts: dict[str, EventPart] = {}


def register_event_part(name: str, part: EventPart) -> None:
    """Put a part on the page of every event; a second of the same name takes the first's place."""
    _parts[name] = part


class ActionFilter(admin.SimpleListFilter):
    """By what was done."""

    title = gettext_lazy("what")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Each action that occurs."""
        with connection.cursor() as cursor:
            cursor.execute(_ACTIONS)
            return [(action, meanings.of_action(action)) for (action,) in cursor.fetchall()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        """That action."""
        return queryset.filter(action=self.value()) if self.value() else queryset


class OutcomeFilter(admin.SimpleListFilter):
    """Done or refused."""

    title = gettext_lazy("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Both."""
        return [("done", _("Done")), ("refused", _("Refused"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        """That outcome."""
        return queryset.filter(outcome=self.value()) if self.value() else queryset


class TimeFilter(admin.SimpleListFilter):
    """How long ago at most; between two moments is for the API and the command line."""

    title = gettext_lazy("when")
    parameter_name = "hours"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """By hours."""
        return [("1", _("Last hour")), ("24", _("Last day")), ("168", _("Last week")), ("720", _("Last month"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        """Since then."""
        hours = self.value() or ""
        known = {each for each, _word in self.lookup_choices}
        return queryset.filter(at__gte=timezone.now() - timedelta(hours=int(hours))) if hours in known else queryset


class CappedPaginator(Paginator[Any]):
    """Counts no further than anybody turns pages: counting a million events takes longer than showing fifty."""

    @cached_property
    def count(self) -> int:
        """At most 5,000."""
        return int(cast("QuerySet[AuditEvent]", self.object_list)[:MOST].count())


LABELS = {
    "at": gettext_lazy("When"),
    "actor_name": gettext_lazy("Who"),
    "reason": gettext_lazy("Reason"),
    "how": gettext_lazy("Signed in by"),
    "address": gettext_lazy("From where"),
    "subject": gettext_lazy("Id of the person"),
    "number": gettext_lazy("Place in the chain"),
}


@admin.register(AuditEvent, site=console)
class AuditEventAdmin(ConsoleModelAdmin):
    """Search by whole words that begin an index: who, how the object's name begins, its id, a request's id."""

    list_display = [
        column("at", gettext_lazy("When")),
        column("actor_name", gettext_lazy("Who")),
        column("address", gettext_lazy("From where")),
        "what",
        "object_link",
        column("reason", gettext_lazy("Reason")),
        "sealed",
    ]
    list_filter: ClassVar[Any] = [ActionFilter, OutcomeFilter, TimeFilter]
    paginator = CappedPaginator
    search_fields = ["actor_name__exact", "object_name__startswith", "object_id__exact", "request_id__exact"]
    search_help_text = gettext_lazy("Who, how the object's name begins, or the id of an object or a request")
    show_full_result_count = False
    list_per_page = 50
    list_before_template = "console/audit_list.html"
    change_form_after_template = "console/event_parts.html"
    fieldsets: ClassVar[Any] = [
        (None, {"fields": ["at", "actor_name", "what", "action_code", "object_link", "reason", "changes"]}),
        (gettext_lazy("By what right"), {"fields": ["right_in_words", "how", "address", "subject"]}),
        (gettext_lazy("Where it stands"), {"fields": ["number", "sealed", "request_link"]}),
    ]

    def get_form(self, request: HttpRequest, obj: AuditEvent | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Its fields under words of the reader's language."""
        return super().get_form(request, obj, change, labels=LABELS, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        """And the export of what a search found."""
        view = self.admin_site.admin_view(self.export)
        return [path("export/<str:form>/", view, name="core_auditevent_export"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The event, and beneath it what the rooms tell of it."""
        event = self.get_object(request, object_id)
        parts = [part(request, event) for _name, part in sorted(_parts.items())] if event else []
        shown = {"parts": parts, **(extra_context or {})}
        answer: HttpResponse = super().change_view(request, object_id, form_url, shown)
        return answer

    def export(self, request: HttpRequest, form: str) -> HttpResponse | StreamingHttpResponse:
        """What the list shows for the same query, all of it."""
        if not is_overseer(request.user):
            raise PermissionDenied
        if form not in export.FORMS:
            return HttpResponse(status=404)
        return export.download(self.get_changelist_instance(request).get_queryset(request), export.FORMS[form])

    @admin.display(description=gettext_lazy("What"), ordering="action")
    def what(self, event: AuditEvent) -> str:
        """The action in words, and whether it was refused."""
        if event.outcome == AuditEvent.Outcome.DONE:
            return event.action_in_words
        return format_html("{} {}", event.action_in_words, _label(_("Refused"), "danger", "block"))

    @admin.display(description=gettext_lazy("Action"))
    def action_code(self, event: AuditEvent) -> str:
        """As the API, its filters and the export name it."""
        return format_html("<code>{}</code>", event.action)

    @admin.display(description=gettext_lazy("Object"), ordering="object_name")
    def object_link(self, event: AuditEvent) -> str:
        """Its name, leading to its page where it has one."""
        try:
            model = apps.get_model(event.object_type)
            href = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[event.object_id])
        except (LookupError, ValueError, NoReverseMatch):
            return event.object_name
        return format_html('<a class="dg-link dg-long" href="{}">{}</a>', href, event.object_name)

    @admin.display(description=gettext_lazy("Sealed"), ordering="number")
    def sealed(self, event: AuditEvent) -> str:
        """Its place in the chain, or that it waits for one."""
        if event.number is None:
            return _label(_("Not yet"), "", "hourglass_bottom")
        return _label(f"#{event.number}", "success", "verified_user")

    @admin.display(description=gettext_lazy("Change"))
    def changes(self, event: AuditEvent) -> str:
        """Field by field."""
        return render_to_string("console/changes.html", {"changes": event.changes})

    @admin.display(description=gettext_lazy("Right"))
    def right_in_words(self, event: AuditEvent) -> str:
        """Who → through which group → what → on what."""
        right = event.right or {}
        steps = [event.actor_name, right.get("through", ""), right.get("permission", ""), right.get("on", "")]
        return " → ".join(filter(None, steps)) if right else "-"

    @admin.display(description=gettext_lazy("Request"))
    def request_link(self, event: AuditEvent) -> str:
        """All events of the same request."""
        if not event.request_id:
            return "-"
        href = f"{reverse('admin:core_auditevent_changelist')}?q={event.request_id}"
        return format_html('<a class="dg-link" href="{}">{}</a>', href, event.request_id)


def _label(text: str, tone: str, icon: str) -> str:
    shown = {"text": text, "type": tone, "icon": icon, "size": "md", "class": "dg-badge"}
    return render_to_string("unfold/helpers/label.html", shown)


register_navigation(
    gettext_noop("Platform"),
    [
        NavigationItem(
            gettext_noop("Audit trail"),
            "admin:core_auditevent_changelist",
            "history",
            lambda request: is_overseer(request.user),
        )
    ],
    order=90,
)
