"""Keyset pages for every list of the API. A module of its own, since Django REST framework loads it while it loads
itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class KeysetPagination(CursorPagination):
    """Pages by the last key seen: `?limit=` up to 200 and the opaque `?cursor=`. A view names its unique `ordering`."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = "-created_at"

    def get_ordering(self, request: Request, queryset: models.QuerySet[Any], view: Any) -> tuple[str, ...]:
        """The view's own order, always ended by the primary key so that no two rows are alike."""
        ordering = getattr(view, "ordering", None) or self.ordering
        fields: Sequence[str] = (ordering,) if isinstance(ordering, str) else ordering
        return (*fields, "pk")

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Of a page, as OpenAPI 3.1 says it: `next` and `previous` are there, and null at the ends."""
        address = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": address, "previous": address, "results": schema},
        }
