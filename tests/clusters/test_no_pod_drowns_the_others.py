"""Lines of many pods in one stream: each has its turn and a bounded part of memory; what is left out is counted."""

import asyncio

import pytest

from clusters import mixer
from clusters.mixer import Line, Mixer

NOISE = 50_000


def line(pod, number, text=""):
    return Line("east", pod, "web", f"2026-01-01T00:00:{number % 60:02}Z", text or f"{pod} {number}")


def test_each_line_of_a_quiet_pod_beside_a_noisy_one():
    """The noisy pod never pauses and the reader is slow: memory stays bounded, and all is accounted for."""

    async def go():
        mixed = Mixer(waits=False)
        most = 0

        async def noisy():
            for number in range(NOISE):
                await mixed.put(line("noisy", number))

        async def quiet():
            for number in range(NOISE // 100):
                await asyncio.sleep(0)
                await mixed.put(line("quiet", number))

        writing = asyncio.gather(noisy(), quiet())
        writing.add_done_callback(lambda _: mixed.end())
        found = []
        async with asyncio.timeout(60):
            while (got := await mixed.get()) is not None:
                most = max(most, mixed.held)
                found.append(got)
                if not writing.done():
                    await asyncio.sleep(0)
        return found, most

    found, most = asyncio.run(go())
    assert [each.text for each in found if each.pod == "quiet"] == [f"quiet {number}" for number in range(NOISE // 100)]
    noisy = [each for each in found if each.pod == "noisy"]
    dropped = sum(each.dropped for each in noisy)
    assert dropped > NOISE / 2
    assert dropped + sum(not each.dropped for each in noisy) == NOISE
    assert most <= mixer.BUFFER + 1 + NOISE // 100


def test_they_take_turns():
    async def go():
        mixed = Mixer(waits=False)
        for number in range(100):
            await mixed.put(line("noisy", number))
        await mixed.put(line("quiet", 0))
        return [(await mixed.get()).pod for _ in range(3)]

    assert "quiet" in asyncio.run(go())


def test_long_lines_are_bounded_by_their_bytes():
    async def go():
        mixed = Mixer(waits=False)
        for number in range(1000):
            await mixed.put(line("noisy", number, "x" * 64 * 1024))
        first = await mixed.get()
        return mixed.held, first.dropped

    held, dropped = asyncio.run(go())
    assert held <= mixer.BUFFER_BYTES // (64 * 1024)
    assert held + dropped == 1000


def test_what_is_not_followed_is_whole(monkeypatch):
    """A full buffer holds the pod back instead."""
    monkeypatch.setattr(mixer, "BUFFER", 10)

    async def go():
        mixed = Mixer(waits=True)

        async def write():
            for number in range(1000):
                await mixed.put(line("a", number))
            mixed.end()

        writing = asyncio.create_task(write())
        found, most = [], 0
        async with asyncio.timeout(20):
            while (got := await mixed.get()) is not None:
                most = max(most, mixed.held)
                found.append(got.text)
        await writing
        return found, most

    found, most = asyncio.run(go())
    assert found == [f"a {number}" for number in range(1000)]
    assert most <= 11


@pytest.mark.parametrize("reminded", [True, False])
def test_so_many_a_second_and_the_rest_counted(monkeypatch, reminded):
    now = 100.0
    monkeypatch.setattr(mixer.time, "monotonic", lambda: now)

    async def go():
        nonlocal now
        mixed = Mixer(waits=False, most_a_second=3, first=2)
        for number in range(10):
            await mixed.put(line("noisy", number))
        await mixed.put(line("quiet", 0))
        if reminded:
            mixed.remind()
        now += 1
        await mixed.put(line("noisy", 10))
        mixed.end()
        found = []
        while (got := await mixed.get()) is not None:
            found.append(got)
        return found

    found = asyncio.run(go())
    assert sum(each.dropped for each in found) == 5
    assert [each.text for each in found if each.pod == "noisy" and each.text] == [
        f"noisy {number}" for number in (0, 1, 2, 3, 4, 10)
    ]
    assert [each.text for each in found if each.pod == "quiet"] == ["quiet 0"]
