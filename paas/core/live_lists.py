"""Lists of the console that are kept up to date: search, filters, order and pages are Django's, the lines are sent anew
at each hint. Between `site` and the lists of the rooms.
"""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib.admin.options import IncorrectLookupParameters
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.templatetags.unfold_list import result_headers, results

from paas.core.pages import streamed
from paas.core.permissions import fresh
from paas.core.site import ConsoleModelAdmin
from paas.core.sse import stream


class LiveList(ConsoleModelAdmin):
    """A model whose list follows what happens.

    `live_channel` is what the writers hint; `lines_template` lays out what `lines` returns; `list_twin` says how the
    command line and the API list the same.
    """

    live_channel: ClassVar[str] = ""
    lines_template: ClassVar[str] = "console/list_rows.html"
    list_twin: ClassVar[str] = ""
    change_list_template = "console/live_list.html"

    def lines(self, found: Any) -> dict[str, Any]:
        """Of Django's list: {"headers", "rows", "narrowed"}; the last where search or filters may be why there is
        none.
        """
        return {"headers": list(result_headers(found)), "rows": list(results(found)), "narrowed": narrowed(found)}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The page, with the address of its stream."""
        query = request.GET.urlencode()
        live = reverse(f"admin:{self._live_name}")
        context = {"live": f"{live}?{query}" if query else live, "lines_template": self.lines_template}
        answer = super().changelist_view(request, {**context, **(extra_context or {})})
        if isinstance(answer, TemplateResponse) and answer.context_data and "cl" in answer.context_data:
            answer.context_data.update(self.lines(answer.context_data["cl"]))
        return answer

    def list_live(self, request: HttpRequest) -> HttpResponseBase:
        """The page of the list that the query names, as it changes."""
        try:
            self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseBadRequest()

        def read() -> dict[str, Any]:
            request.user = cast(Any, fresh(request.user))
            found = self.lines(self.get_changelist_instance(request))
            return {"html": render_to_string(self.lines_template, found)}

        return streamed(lambda: stream(read, self.live_channel, still=lambda: fresh(request.user)))

    def get_urls(self) -> list[URLPattern]:
        """With the stream."""
        live = self.admin_site.admin_view(self.list_live)
        return [path("list/live/", live, name=self._live_name), *super().get_urls()]

    @property
    def _live_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_list_live"


def narrowed(found: Any) -> bool:
    """Whether search or filters may be why a list has no line."""
    return bool(found.params or found.query)
