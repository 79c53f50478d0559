"""A terminal carries bytes both ways until a limit, a refusal or either end; held back, recorded before it is shown."""

import asyncio
import json

import pytest

from apps.terminals.recording import Recording
from apps.terminals.session import EndOfInput, Limits, Resize, Session
from clusters.faults import Unreachable
from clusters.terminal import Channel, Ended
from paas.core.errors import Forbidden

LONG = Limits(seconds=60, idle=60, check=60)
SOON = 0.05


class Person:
    """Says what it is told to, then waits; keeps what it is shown, no more pieces than it has `patience` for."""

    def __init__(self, *says, leaves=False, patience=None):
        self.says, self.leaves, self.patience = list(says), leaves, patience
        self.seen = []

    async def receive(self):
        if self.says:
            return self.says.pop(0)
        if not self.leaves:
            await asyncio.Event().wait()
        return None

    async def show(self, channel, piece):
        if self.patience is not None and len(self.seen) >= self.patience:
            await asyncio.Event().wait()
        self.seen.append((channel, piece))


class Command:
    """Once it has heard of `after` things it prints pieces, then ends as told, breaks off, or waits."""

    def __init__(self, *prints, ended=None, broken=False, after=0):
        self.prints, self.ends, self.broken, self.after = prints, ended, broken, after
        self.ended, self.heard, self.read_of = None, [], 0
        self.told = asyncio.Condition()

    async def read(self):
        async with self.told:
            await self.told.wait_for(lambda: len(self.heard) >= self.after)
        for piece in self.prints:
            self.read_of += 1
            yield Channel.OUTPUT, piece
        if self.broken:
            raise Unreachable("cut")
        if self.ends is None:
            await asyncio.Event().wait()
        self.ended = self.ends

    async def write(self, piece):
        await self._hear(piece)

    async def resize(self, columns, rows):
        await self._hear((columns, rows))

    async def end_input(self):
        await self._hear(None)

    async def _hear(self, said):
        async with self.told:
            self.heard.append(said)
            self.told.notify_all()


def run(person, command, *, limits=LONG, most=1_000_000, check=None):
    """(how it ended, the lines stored, the session)"""
    stored = []

    async def save(text):
        stored.append(text)

    async def fine():
        return None

    async def go():
        recording = Recording(most)
        recording.begin(columns=80, rows=24, at=0, command=["sh"], title="t")
        session = Session(person, command, recording, limits, check=check or fine, save=save)
        async with asyncio.timeout(20):
            return await session.run(), session

    end, session = asyncio.run(go())
    return end, [json.loads(line) for line in "".join(stored).splitlines()], session


def test_until_the_command_ends():
    person = Person(b"ls\n", Resize(100, 30), EndOfInput())
    command = Command(b"a", b"b", ended=Ended(3), after=3)
    end, lines, session = run(person, command)
    assert (end.ending, end.exit_code) == ("Exited", 3)
    # The size is told once more when the command has begun to speak: it may not have been there the first time.
    assert command.heard == [b"ls\n", (100, 30), None, (100, 30)]
    assert person.seen == [(1, b"a"), (1, b"b")]
    assert (session.bytes_in, session.bytes_out) == (3, 2)
    assert [each[1:] for each in lines[1:]] == [["r", "100x30"], ["o", "a"], ["o", "b"]]


@pytest.mark.parametrize(
    ("person", "command", "limits", "ending"),
    [
        (Person(leaves=True), Command(), LONG, "Left"),
        (Person(), Command(broken=True), LONG, "ConnectionLost"),
        (Person(), Command(), Limits(seconds=SOON, idle=60, check=60), "TimeOver"),
        (Person(), Command(), Limits(seconds=60, idle=SOON, check=60), "Idle"),
        (Person(), Command(ended=Ended(126, "no such file")), LONG, "NotStarted"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_other_end(person, command, limits, ending):
    end, lines, _ = run(person, command, limits=limits)
    assert end.ending == ending
    assert lines[0]["version"] == 2


def test_what_is_refused_in_the_middle_ends_it():
    async def check():
        raise Forbidden("exec_not_allowed", "Turned off.")

    end, _, _ = run(Person(), Command(), limits=Limits(60, 60, check=SOON), check=check)
    assert (end.ending, end.message) == ("Revoked", "Turned off.")


def test_a_slow_reader_holds_the_command_back_and_its_time_goes_on():
    command = Command(*[b"x" * 1000] * 100_000)
    end, lines, session = run(Person(patience=3), command, limits=Limits(seconds=0.2, idle=60, check=SOON))
    assert end.ending == "TimeOver"
    assert command.read_of == 4
    assert session.bytes_out == 4000
    assert len(lines) == 5


def test_a_full_recording_ends_it_and_all_that_was_shown_is_in_it():
    person, command = Person(), Command(*[b"x" * 1000] * 1000)
    end, lines, _ = run(person, command, most=20_000)
    assert end.ending == "RecordingFull"
    assert "".join(text for _, _, text in lines[1:]).encode() == b"".join(piece for _, piece in person.seen)
    assert 15 < len(person.seen) < 25


def test_a_character_cut_between_two_pieces_is_one_in_the_recording():
    sign = "斗".encode()
    _, lines, _ = run(Person(), Command(sign[:1], sign[1:], b"\xff", ended=Ended(0)))
    assert [text for _, _, text in lines[1:]] == ["斗", "\ufffd"]
