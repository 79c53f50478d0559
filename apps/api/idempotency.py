"""One answer per Idempotency-Key: a request sent twice is carried out once.

The answer is kept in the transaction of what was done: either both are there, or neither. A request that carries a
secret takes no key: its digest would be kept, and that of a guessable value tells the value.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, cast

import orjson
from django.db import IntegrityError, transaction
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from apps.models import IdempotencyKey
from paas.core.errors import Conflict, Invalid
from paas.identity.models import User

HEADER = "Idempotency-Key"
LONGEST = 200
IDEMPOTENCY_KEY = OpenApiParameter(
    HEADER, str, OpenApiParameter.HEADER, description="Any text: the same request under it is carried out once."
)


def once(request: Request, act: Callable[[], Response]) -> Response:
    """Act, or answer again what was answered to the same request under the same key.

    Raises:
        Invalid: `idempotency_key_invalid`, longer than 200 characters.
        Conflict: `idempotency_key_reused`, for another request.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        return act()
    if len(key) > LONGEST:
        raise Invalid("idempotency_key_invalid", f"An {HEADER} has at most {LONGEST} characters.")
    # Not by orjson, which takes no whole number of more than 64 bits: what is in the body is not checked yet.
    asked = json.dumps([request.method, request.get_full_path(), request.data])
    asked = hashlib.sha256(asked.encode()).hexdigest()
    person = cast(User, request.user)
    known = _known(person, key, asked)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            # Written first: the same request at the same time waits here for the outcome of this one.
            row = IdempotencyKey.objects.create(actor=person, key=key, request=asked, status=0)
            answer = act()
            row.status = answer.status_code
            row.answer = {"data": _plain(answer.data), "etag": answer.headers.get("ETag", "")}
            row.save(update_fields=["status", "answer"])
            return answer
    except IntegrityError:
        known = _known(person, key, asked)
        if known is None:
            raise
        return known


def _known(person: User, key: str, asked: str) -> Response | None:
    row = IdempotencyKey.objects.filter(actor=person, key=key).first()
    if row is None:
        return None
    if row.request != asked:
        raise Conflict(
            "idempotency_key_reused",
            "This Idempotency-Key was used for another request.",
            remedy="Send each request under a key of its own.",
        )
    headers = {"ETag": row.answer["etag"]} if row.answer["etag"] else {}
    return Response(row.answer["data"], status=row.status, headers={**headers, "Idempotent-Replayed": "true"})


def _plain(data: Any) -> Any:
    return orjson.loads(orjson.dumps(data, default=JSONEncoder().default))
