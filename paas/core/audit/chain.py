"""What binds the audit trail together: each event's signature, and the chain of its seals. Pure.

An event is signed by the process that writes it, so that a row put in by anybody else is told. The sealer numbers
events and chains them: each seal is a keyed hash of the one before, the number and the event's signature. Both are
HMAC-SHA256 under a key kept outside the database, and read `key id:hex`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

BEGINNING = "beginning:"


def canonical(facts: Mapping[str, Any]) -> bytes:
    """JSON that is the same before and after PostgreSQL has kept it: keys are texts in order, 2.0 is 2."""
    plain = json.loads(json.dumps(facts))
    return json.dumps(_whole(plain), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def signature(facts: Mapping[str, Any], keys: Mapping[str, bytes]) -> str:
    """Under the first of `keys`, id → key."""
    return _tagged(canonical(facts), *next(iter(keys.items())))


def is_signed(facts: Mapping[str, Any], signed: str, keys: Mapping[str, bytes]) -> bool:
    """Whether `signed` is the signature of just these facts under one of our keys."""
    return _holds(canonical(facts), signed, keys)


def seal(before: str, number: int, event_id: int, signed: str, keys: Mapping[str, bytes]) -> str:
    """The seal of an event: `before` is the seal of the event numbered one less, BEGINNING for the first."""
    return _tagged(_link(before, number, event_id, signed), *next(iter(keys.items())))


def is_sealed(sealed: str, before: str, number: int, event_id: int, signed: str, keys: Mapping[str, bytes]) -> bool:
    """Whether `sealed` is the seal of this event at this place of the chain."""
    return _holds(_link(before, number, event_id, signed), sealed, keys)


def _link(before: str, number: int, event_id: int, signed: str) -> bytes:
    return json.dumps([before, number, event_id, signed]).encode()


def _tagged(data: bytes, identifier: str, key: bytes) -> str:
    return f"{identifier}:{hmac.new(key, data, hashlib.sha256).hexdigest()}"


def _holds(data: bytes, tag: str, keys: Mapping[str, bytes]) -> bool:
    identifier, _, _ = tag.partition(":")
    key = keys.get(identifier)
    return key is not None and hmac.compare_digest(tag.encode(), _tagged(data, identifier, key).encode())


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
