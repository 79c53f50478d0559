"""The base of every API view: what one may view, keyset pages, sparse fields, ETag and If-Match.

Views parse and answer; services decide and write. Errors become problem+json in `paas.core.problems`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Protocol, TypeVar, cast

from django.db import models, transaction
from django.http import Http404, StreamingHttpResponse
from django.utils.http import parse_etags
from django.utils.translation import gettext_noop as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from paas.core.errors import Invalid, PreconditionFailed, PreconditionRequired
from paas.core.pagination import KeysetPagination
from paas.core.permissions import Actor, fresh, not_found, visible
from paas.core.sse import watch
from paas.core.streams import EventStreamRenderer

MOST_DIGITS = 6

AnyModel = TypeVar("AnyModel", bound=models.Model)


class VersionedRow(Protocol):
    """What has an ETag: any row with a number that rises with each edit."""

    @property
    def version(self) -> int:
        """The number."""


IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description="The ETag of the object as it was read."
)
IF_MATCH_IF_IT_MATTERS = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag of the object as it was read, if it matters."
)


class ReasonIn(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


def etag(row: VersionedRow) -> str:
    """The ETag of a row: its version in quotes."""
    return f'"{row.version}"'


def check_if_match(request: Request, row: VersionedRow) -> None:
    """Refuse an edit made for another state than the present one; the caller holds the row's lock.

    Raises:
        PreconditionRequired: no If-Match.
        PreconditionFailed: made for another version.
    """
    header = request.headers.get("If-Match", "")
    if not header:
        raise PreconditionRequired(
            "if_match_required",
            "An edit must name the version it was made for.",
            rule="Send the ETag of the object you read as If-Match.",
            remedy="Read the object again and repeat with its ETag.",
        )
    tags = parse_etags(header)
    if "*" not in tags and etag(row) not in tags:
        raise changed_meanwhile(row)


def changed_meanwhile(row: VersionedRow) -> PreconditionFailed:
    """The refusal of an edit that was made for another version of the row."""
    return PreconditionFailed(
        "version_changed",
        _("The object has changed since you read it."),
        remedy=_("Read it again, and repeat your change on what is there now."),
        details={"current": etag(row)},
    )


def flag(request: Request, name: str, *, default: bool = False) -> bool:
    """A query parameter that is "true" or "false".

    Raises:
        Invalid: `invalid`, for anything else, so that no misspelt dry run is carried out.
    """
    said = request.query_params.get(name, "true" if default else "false")
    if said not in ("true", "false"):
        raise Invalid("invalid", f"{name}: expected true or false, got '{said[:40]}'.")
    return said == "true"


def whole_number(request: Request, name: str) -> int | None:
    """A query parameter that is a whole number below a million, None where it is left out.

    Raises:
        Invalid: `invalid`.
    """
    said = request.query_params.get(name, "")
    if not said:
        return None
    if not said.isdecimal() or len(said) > MOST_DIGITS:
        raise Invalid("invalid", f"{name}: a whole number below a million, not '{said[:40]}'.")
    return int(said)


def only_fields(request: Request, serializer: serializers.BaseSerializer[Any]) -> serializers.BaseSerializer[Any]:
    """The serializer, less what `?fields=a,b` leaves out of a read.

    Raises:
        Invalid: `field_unknown`.
    """
    said = request.query_params.get("fields", "")
    form = getattr(serializer, "child", serializer)
    if not said or request.method not in SAFE_METHODS or not isinstance(form, serializers.Serializer):
        return serializer
    wanted = set(said.split(","))
    if unknown := sorted(wanted - set(form.fields)):
        raise Invalid(
            "field_unknown",
            f"There is no field {', '.join(each[:40] for each in unknown)} here.",
            rule=f"Fields: {', '.join(form.fields)}.",
            remedy="Name the wanted ones after ?fields=, with commas between.",
        )
    for name in set(form.fields) - wanted:
        form.fields.pop(name)
    return serializer


WATCH = OpenApiParameter(
    "watch",
    bool,
    description="true: answer with events instead of a page, for ten minutes: `state` with "
    '`{"results": [{"id", "etag", "object"}], "more"}`, the first `limit` objects; then `changed` with such an object '
    'that is new or differs, and `removed` with `{"id"}`. Filters and `fields` hold; `cursor` is refused.',
)


class ResourceViewSet(GenericViewSet[AnyModel]):
    """Reads for every resource, and the frame for its edits.

    A subclass sets `queryset`, `serializer_class`, `ordering`, and adds the verbs it has:

        def partial_update(self, request, *args, **kwargs):
            body = self.parsed(RenameTeam)
            with self.edited() as team:
                renamed = services.rename_team(team=team, title=body["title"], actor=self.actor)
            return self.answer(renamed)
    """

    permission_classes = [IsAuthenticated]
    pagination_class: type[KeysetPagination] | None = KeysetPagination
    # What writers hint at when the list may differ; without any it is not watched.
    watch_channels: ClassVar[Sequence[str]] = ()
    ordering: str | Sequence[str] = "-created_at"

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return cast(Actor, self.request.user)

    def get_queryset(self) -> models.QuerySet[AnyModel]:
        """What the actor may view."""
        return visible(self.actor, super().get_queryset())

    def get_object(self) -> AnyModel:
        """The object of the address.

        Raises:
            NotFound: `<noun>_not_found`, also where it may not be viewed.
        """
        try:
            return super().get_object()
        except Http404:
            raise not_found(super().get_queryset().model) from None

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """With the fields that were asked for."""
        return only_fields(self.request, super().get_serializer(*args, **kwargs))

    def get_renderers(self) -> Any:
        """Events too, where a list is watched."""
        found = super().get_renderers()
        request = getattr(self, "request", None)
        watched = self.watch_channels and request is not None and request.query_params.get("watch") == "true"
        return [*found, EventStreamRenderer()] if watched and self.action == "list" else found

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response | StreamingHttpResponse:
        """One page."""
        if self.watch_channels and flag(request, "watch"):
            return self._watched(request)
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def _watched(self, request: Request) -> StreamingHttpResponse:
        """The same query each time, by the person as they are then."""
        if request.query_params.get("cursor"):
            raise Invalid(
                "watch_without_cursor",
                "What is watched is the first page of a list.",
                remedy="Leave out `cursor`; ask for more at once by `limit`, or for less by filters.",
            )
        # What makes no sense is refused before the stream begins.
        self.get_serializer(self.filter_queryset(self.get_queryset()).none(), many=True)

        def read() -> tuple[list[dict[str, Any]], bool]:
            request.user = cast(Any, fresh(self.actor))
            page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
            told = self.get_serializer(page, many=True).data
            rows = [
                {"id": str(row.pk), "etag": etag(cast(VersionedRow, row)), "object": each}
                for row, each in zip(page, told, strict=True)
            ]
            return rows, bool(cast(KeysetPagination, self.paginator).has_next)

        return watch(read, *self.watch_channels)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One object with its ETag; 304 where If-None-Match names it."""
        row = self.get_object()
        if _has_etag(row) and etag(cast(VersionedRow, row)) in parse_etags(request.headers.get("If-None-Match", "")):
            return Response(status=304, headers={"ETag": etag(cast(VersionedRow, row))})
        return self.answer(row)

    def answer(self, row: AnyModel, *, status: int = 200) -> Response:
        """The object as the view's serializer writes it, with its ETag."""
        headers = {"ETag": etag(cast(VersionedRow, row))} if _has_etag(row) else {}
        return Response(self.get_serializer(row).data, status=status, headers=headers)

    def parsed(self, serializer: type[serializers.Serializer[Any]], **options: Any) -> dict[str, Any]:
        """The request's body, checked by `serializer`."""
        form = serializer(data=self.request.data, context=self.get_serializer_context(), **options)
        form.is_valid(raise_exception=True)
        return cast(dict[str, Any], form.validated_data)

    @contextmanager
    def edited(self, *, demanded: bool = True) -> Iterator[AnyModel]:
        """The object of the address, locked and checked against If-Match, in the transaction the service joins.

        `demanded`: without If-Match it is refused; else it is then neither locked nor checked.
        """
        with transaction.atomic():
            seen = self.get_object()
            if not demanded and "If-Match" not in self.request.headers:
                yield seen
                return
            row = type(seen)._default_manager.select_for_update(of=("self",)).filter(pk=seen.pk).first()
            if row is None:
                raise not_found(type(seen))
            if _has_etag(row):
                check_if_match(self.request, cast(VersionedRow, row))
            yield row


def _has_etag(row: models.Model) -> bool:
    return hasattr(row, "version")
