"""Where the head of the chain is kept, out of reach of whoever owns the database: a file, or a bucket of S3.

Each head is written after its events are sealed, and never changed. What guards it is up to where it lies: a file on
another machine's disk, a bucket with object lock.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Head:
    """The last seal of a batch: its number, the seal, and when (ISO 8601)."""

    number: int
    seal: str
    at: str


class Outside(Protocol):
    """Keeps heads, in order."""

    def append(self, head: Head) -> None:
        """Keep it for good before returning. Raises OSError, or what the client of the store raises."""

    def last(self) -> Head | None:
        """The newest, None while there is none."""

    def heads(self, after: int = 0) -> Iterator[Head]:
        """Those with a higher number than `after`, in order."""


class InFile:
    """A line of JSON each, appended and synced."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, head: Head) -> None:
        """One line."""
        line = json.dumps(asdict(head), separators=(",", ":")) + "\n"
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # A line that a crash cut short is ended first.
            if (size := os.fstat(handle).st_size) and not self._ends_a_line(size):
                line = f"\n{line}"
            os.write(handle, line.encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    def last(self) -> Head | None:
        """By reading the end of the file."""
        return next(iter(deque(self._read(self._tail()), maxlen=1)), None)

    def heads(self, after: int = 0) -> Iterator[Head]:
        """The whole file, line by line."""
        return (head for head in self._read(0) if head.number > after)

    def _ends_a_line(self, size: int) -> bool:
        with self._path.open("rb") as file:
            file.seek(size - 1)
            return file.read(1) == b"\n"

    def _tail(self) -> int:
        try:
            return max(0, self._path.stat().st_size - 4096)
        except FileNotFoundError:
            return 0

    def _read(self, start: int) -> Iterator[Head]:
        try:
            with self._path.open(encoding="utf-8", errors="replace") as file:
                file.seek(start)
                for line in file:
                    if (head := _parsed(line)) is not None:
                        yield head
        except FileNotFoundError:
            return


class InBucket:
    """An object each, `PREFIX/00000000000000000042.json`: keys sort by number. boto3 is the extra `aws`."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/".lstrip("/")

    def append(self, head: Head) -> None:
        """One object."""
        body = json.dumps(asdict(head)).encode()
        self._client().put_object(Bucket=self._bucket, Key=f"{self._prefix}{head.number:020}.json", Body=body)

    def last(self) -> Head | None:
        """By listing all keys; a sealer asks once."""
        return next(map(self._get, deque(self._keys(0), maxlen=1)), None)

    def heads(self, after: int = 0) -> Iterator[Head]:
        """One request a head."""
        return filter(None, map(self._get, self._keys(after)))

    def _keys(self, after: int) -> Iterator[str]:
        pages = self._client().get_paginator("list_objects_v2")
        start = f"{self._prefix}{after:020}.json"
        for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix, StartAfter=start):
            yield from (each["Key"] for each in page.get("Contents", ()))

    def _get(self, key: str) -> Head | None:
        body = self._client().get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return _parsed(body.decode(errors="replace"))

    @staticmethod
    @cache
    def _client() -> Any:
        return import_module("boto3").client("s3")


def _parsed(line: str) -> Head | None:
    """None for what a crash cut short."""
    try:
        told = json.loads(line)
        return Head(int(told["number"]), str(told["seal"]), str(told["at"]))
    except (ValueError, KeyError, TypeError):
        return None


@cache
def outside(address: str) -> Outside:
    """`file:///path` or `s3://bucket/prefix`.

    Raises:
        ValueError: anything else.
    """
    parts = urlsplit(address)
    if parts.scheme == "file" and parts.path and not parts.netloc:
        return InFile(Path(parts.path))
    if parts.scheme == "s3" and parts.netloc:
        return InBucket(parts.netloc, parts.path)
    raise ValueError("must be `file:///path` or `s3://bucket/prefix`")
