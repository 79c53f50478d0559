"""What the platform has written to a cluster of the lab, by the API server's own audit log."""

from __future__ import annotations

import json
import os
from typing import Any

from deploy.lab.lab import opened
from tests.labs import LAB

WRITER = "system:serviceaccount:dougong-system:dougong-writer"


class AuditLog:
    """Begins now. The log has no reads but terminals, and a write is in it before it is answered."""

    def __init__(self, cluster: str) -> None:
        with opened(LAB, changing=False) as lab:
            self._file = lab.cluster(cluster).control.audit_log
        self._begin = self._file.stat()

    def writes(self, word: str = "") -> list[str]:
        """Our account's writes since then, in order, "update /api/v1/…", those whose path has the word."""
        ours = [each for each in self.events() if each["user"]["username"] == WRITER and word in each["requestURI"]]
        return [f"{each['verb']} {each['requestURI'].partition('?')[0]}" for each in ours]

    def events(self) -> list[dict[str, Any]]:
        """All that is in it since then, anybody's."""
        with self._file.open("rb") as log:
            assert os.fstat(log.fileno()).st_ino == self._begin.st_ino, "the audit log was rotated"
            log.seek(self._begin.st_size)
            return [json.loads(line) for line in log.read().splitlines()]
