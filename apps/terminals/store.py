"""Where recordings of terminals lie: rows of PostgreSQL, or files of DOUGONG_EXEC_RECORDINGS. Encrypted in either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings

from apps.models import TerminalPart
from paas.core.encryption import keys
from paas.core.envelope import Place, seal, unseal


def append(terminal: UUID, text: str) -> None:
    """Store the next lines."""
    folder = _folder()
    if folder is None:
        parts = TerminalPart.objects.filter(terminal_id=terminal)
        TerminalPart.objects.create(terminal_id=terminal, number=parts.count(), text=text)
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _file(folder, terminal)
    path.touch(mode=0o600)
    with path.open("a", encoding="ascii") as file:
        file.write(seal(text, _place(terminal), keys()) + "\n")


def read(terminal: UUID) -> Iterator[str]:
    """The lines, in pieces; none where nothing was recorded or it is no longer kept."""
    yield from (part.text for part in TerminalPart.objects.filter(terminal_id=terminal).iterator(50))
    folder = _folder()
    if folder is not None and _file(folder, terminal).exists():
        with _file(folder, terminal).open(encoding="ascii") as file:
            yield from (unseal(line.rstrip("\n"), _place(terminal), keys()) for line in file)


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


def _place(terminal: UUID) -> Place:
    """What lines of a file are bound to: to the recording, not to their order, which is that of the file."""
    return Place("recordings", str(terminal), "text")
