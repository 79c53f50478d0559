"""Where recordings of terminals lie: rows of PostgreSQL, or files of DOUGONG_EXEC_RECORDINGS. Encrypted in either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings

from apps.models import TerminalPart
from paas.core.encryption import decrypt, encrypt


def append(terminal: UUID, text: str) -> None:
    """Store the next lines."""
    folder = _folder()
    if folder is None:
        TerminalPart.objects.create(terminal_id=terminal, text=text)
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _file(folder, terminal)
    path.touch(mode=0o600)
    with path.open("a", encoding="ascii") as file:
        file.write(encrypt(text) + "\n")


def read(terminal: UUID) -> Iterator[str]:
    """The lines, in pieces; none where nothing was recorded or it is no longer kept."""
    yield from TerminalPart.objects.filter(terminal_id=terminal).values_list("text", flat=True).iterator(50)
    folder = _folder()
    if folder is not None and _file(folder, terminal).exists():
        with _file(folder, terminal).open(encoding="ascii") as file:
            yield from (decrypt(line.rstrip("\n")) for line in file)


def forget(terminals: Iterable[UUID]) -> None:
    """Delete recordings."""
    ids = list(terminals)
    TerminalPart.objects.filter(terminal_id__in=ids).delete()
    if folder := _folder():
        for each in ids:
            _file(folder, each).unlink(missing_ok=True)


def _folder() -> Path | None:
    found: Path | None = settings.DOUGONG.exec_recordings
    return found


def _file(folder: Path, terminal: UUID) -> Path:
    return folder / f"{terminal}.cast"
