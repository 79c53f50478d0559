"""What somebody who may write to Valkey could put there: messages that no producer of ours would send. Pure.

Envelopes are as kombu writes them to a list of Redis; `payloads` are those a worker takes for messages, `GARBAGE` is
not even that.
"""

from __future__ import annotations

import base64
import json
import pickle
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

JSON, PICKLE, YAML = "application/json", "application/x-python-serialize", "application/x-yaml"
GARBAGE = [
    b"",
    b"garbage",
    b"\xff\xfe\x00",
    b"{}",
    b"[]",
    b"null",
    b'"text"',
    b'{"body": 1}',
    b"[" * 100_000,
    b'{"body": "e30=", "headers": 1, "properties": 2}',
    b'{"body": "\xc3", "properties": {"delivery_tag": []}}',
    b'{"body": "e30=", "headers": {"task": []}, "properties": {"delivery_info": {}, "delivery_tag": "1"}}',
    b'{"body": "e30=", "headers": null, "properties": {"delivery_info": null, "delivery_tag": "2"}}',
]


class Bomb:
    """Unpickled, it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def message(
    task: Any, arguments: Any = (), keywords: Any = None, *, queue: str = "sweep", body: bytes | None = None,
    content_type: str = JSON, encoding: str = "utf-8", embed: Any = None, **headers: Any,
) -> bytes:  # fmt: skip
    """A message of Celery's second protocol."""
    name = str(uuid.uuid4())
    if body is None:
        body = json.dumps([arguments, keywords or {}, embed or {}]).encode()
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-encoding": encoding,
            "content-type": content_type,
            "headers": {"lang": "py", "task": task, "id": name, "root_id": name, "retries": 0, **headers},
            "properties": {
                "correlation_id": name,
                "reply_to": str(uuid.uuid4()),
                "delivery_mode": 2,
                "delivery_info": {"exchange": queue, "routing_key": queue},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": str(uuid.uuid4()),
            },
        }
    ).encode()


def payloads(touched: Path, ids: list[str]) -> Iterator[bytes]:
    """`touched` is where a file appears if any code of a message is run; `ids` are of somebody's rows."""
    command = f"touch {touched}"
    reconcile, probe = "clusters.tasks.reconcile_due", "clusters.tasks.probe_cluster"
    for task in ("os.system", "subprocess.check_call", "builtins.eval", "paas.identity.services.set_operator", "", None,
                 [], "../../etc/passwd"):  # fmt: skip
        yield message(task, [command])
    for arguments in ([], ["x"], [99], [None], [[1]], {"lane": 0}, "text", [0, 0, 0]):
        yield message(reconcile, arguments)
        yield message(probe, arguments)
    yield message(reconcile, [], {"lane": 0, "self": 1, "__class__": "x"})
    for each in ids:
        yield message(probe, [each])
        yield message("apps.tasks.roll_up", [each])
    bomb = pickle.dumps(Bomb(touched))
    for encoding in ("binary", "utf-8"):
        yield message(reconcile, body=bomb, content_type=PICKLE, encoding=encoding)
        yield message("os.system", body=bomb, content_type=PICKLE, encoding=encoding)
    yield message(reconcile, body=bomb, content_type="application/json")
    yield message(reconcile, body=f"!!python/object/apply:os.system ['{command}']".encode(), content_type=YAML)
    for kind in ("application/x-msgpack", "application/data", "text/plain", "no/such", ""):
        yield message(reconcile, body=bomb, content_type=kind)
    for encoding in ("zip", "no-such", "rot13"):
        yield message(reconcile, [0], encoding=encoding)
    yield message(reconcile, [0], compression="zlib")
    yield message(reconcile, [{"__type__": "os.system", "__value__": command}])
    yield message(reconcile, [{"__type__": "uuid", "__value__": {"hex": "x"}}])
    yield message(reconcile, body=b"[" * 100_000)
    yield message(reconcile, ["x" * 8_000_000])
    yield from _followed(command)


def _followed(command: str) -> Iterator[bytes]:
    """By others, which the worker itself would send: all that comes of them is one more message."""
    shell = {
        "task": "os.system",
        "args": [command],
        "kwargs": {},
        "options": {},
        "subtask_type": None,
        "immutable": True,
    }
    sweep, embed = "clusters.tasks.sweep", {"callbacks": [shell], "errbacks": [shell], "chain": [shell], "chord": shell}
    for name, value in embed.items():
        yield message(sweep, embed={name: value if name == "chord" else [shell]})
        yield message(sweep, embed={name: [command]})
    yield message("celery.map", [], {"task": shell, "it": [command]})
    yield message("celery.starmap", [], {"task": shell, "it": [[command]]})
    yield message("celery.chunks", [], {"task": shell, "it": [[[command]]], "n": 1})
    yield message("celery.group", [[shell], None, None])
    yield message("celery.chain", [shell])
    yield message("celery.chord_unlock", ["group", shell], {"max_retries": 1})
    yield message("celery.backend_cleanup")
    yield message("celery.accumulate", [command])
    yield message(sweep, timelimit=[0.001, 0.001], retries=10**9, expires="never", eta="2999-01-01T00:00:00+00:00")
    yield message(sweep, group=[], shadow={"x": command}, origin=None, ignore_result="no", stamped_headers=[command])
