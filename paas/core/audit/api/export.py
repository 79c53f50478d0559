"""Events as lines of CSV or JSON, sent while they are read: a million take no more memory than a thousand."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import StreamingHttpResponse

from paas.core.models import SIGNED, AuditEvent

CHUNK = 1000
COLUMNS = ("id", "number", "at", *SIGNED, "signature", "seal")
# What a spreadsheet takes for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Form:
    """How events are written: `head` once, then `line` for each."""

    content_type: str
    suffix: str
    head: str
    line: Callable[[Mapping[str, Any]], str]


def _row(values: Sequence[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()


def _cell(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(_FORMULA) else text


FORMS: Mapping[str, Form] = {
    "csv": Form("text/csv", "csv", _row(COLUMNS), lambda event: _row([_cell(event[name]) for name in COLUMNS])),
    "jsonl": Form(
        "application/x-ndjson", "jsonl", "", lambda event: json.dumps(event, ensure_ascii=False, default=str) + "\n"
    ),
}


def download(events: QuerySet[AuditEvent], form: Form) -> StreamingHttpResponse:
    """The events as a file, sent while they are read."""
    answer = StreamingHttpResponse(lines(events, form), content_type=form.content_type)
    answer["Content-Disposition"] = f'attachment; filename="audit.{form.suffix}"'
    return answer


async def lines(events: QuerySet[AuditEvent], form: Form) -> AsyncIterator[bytes]:
    """The events, the oldest first."""
    if form.head:
        yield form.head.encode()
    last = 0
    while chunk := await sync_to_async(_after)(events, last):
        yield "".join(form.line({**event.facts(), **_beside(event)}) for event in chunk).encode()
        last = chunk[-1].pk


def _after(events: QuerySet[AuditEvent], last: int) -> list[AuditEvent]:
    return list(events.order_by("id").filter(id__gt=last)[:CHUNK])


def _beside(event: AuditEvent) -> dict[str, Any]:
    return {name: getattr(event, name) for name in ("id", "number", "signature", "seal")}
