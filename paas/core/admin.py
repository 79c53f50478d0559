"""The audit trail in the console: read by operators, written by nobody."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy, gettext_noop

from paas.core import filter_views, palette  # noqa: F401 - they register their views
from paas.core.models import AuditEvent
from paas.core.permissions import is_operator
from paas.core.site import ConsoleModelAdmin, NavigationItem, column, console, register_navigation


@admin.register(AuditEvent, site=console)
class AuditEventAdmin(ConsoleModelAdmin):
    """Search and read."""

    list_display = [
        column("at", gettext_lazy("When")),
        column("actor_name", gettext_lazy("Who")),
        column("action", gettext_lazy("What")),
        column("object_type", gettext_lazy("Type")),
        column("object_name", gettext_lazy("Object")),
        column("request_id", gettext_lazy("Request")),
    ]
    list_filter = ["action", "object_type"]
    search_fields = ["actor_name", "object_name", "object_id", "request_id"]
    date_hierarchy = "at"
    show_full_result_count = False


register_navigation(
    gettext_noop("Platform"),
    [
        NavigationItem(
            gettext_noop("Audit trail"),
            "admin:core_auditevent_changelist",
            "history",
            lambda request: is_operator(request.user),
        )
    ],
    order=90,
)
