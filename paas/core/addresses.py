"""What addresses hold: ids or names, and never a NUL, which PostgreSQL takes in no text: there is nothing there."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils.deprecation import MiddlewareMixin


def is_uuid(text: str) -> bool:
    """Whether part of an address is an id, and no name."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


class NoNulMiddleware(MiddlewareMixin):
    """The innermost: its 404 is logged, counted and dressed like any other.

    No view is asynchronous. Since this is not either, all of a request before its answer runs in one thread; else each
    middleware would change threads on the way in and again on the way out.
    """

    async_capable = False

    def process_request(self, request: HttpRequest) -> None:
        """Refuse it in the path and behind the `?`, before anything is looked up by it."""
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise Http404
