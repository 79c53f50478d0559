"""The console speaks the reader's language and tells times in their zone; the API always speaks English and UTC.

The language is the person's own, else the browser's; the browser tells the zone in a cookie (`dougong/palette.js`).
"""

from __future__ import annotations

from urllib.parse import unquote
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin

ZONE_COOKIE = "dougong_zone"
CONSOLE = "/console/"


class ConsoleLanguageMiddleware(MiddlewareMixin):
    """Below the one that knows who asks."""

    def process_request(self, request: HttpRequest) -> None:
        """Choose, for this request alone."""
        if not request.path.startswith(CONSOLE):
            return
        own = getattr(request.user, "language", "")
        translation.activate(own or translation.get_language_from_request(request))
        if zone := _zone(request.COOKIES.get(ZONE_COOKIE, "")):
            timezone.activate(zone)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """What is streamed from here on has taken both along."""
        if request.path.startswith(CONSOLE):
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
            response.headers.setdefault("Content-Language", translation.get_language() or "")
            translation.deactivate()
            timezone.deactivate()
        return response


def _zone(name: str) -> ZoneInfo | None:
    """None for what is no zone."""
    try:
        return ZoneInfo(unquote(name)) if name else None
    except (ValueError, OSError, KeyError):
        return None
