"""A pod that writes ten thousand lines a second beside one that writes ten: real pods, real logs.

Every line of the quiet one arrives, what is left out of the other is counted to the last line, and no more is held than
a buffer a pod. How late lines were and how fast the noisy one wrote is noted in the test's report, not asserted.
"""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime

from clusters import mixer, stream
from clusters.sessions import access_for
from clusters.stream import Query, pod_logs
from tests.apps.lab.site import WEB

NOISE, QUIET = 100_000, 150
START = """
import signal, sys, time
signal.signal(signal.SIGUSR1, lambda *_: None)
print("ready", flush=True)
signal.pause()
"""
NOISY = f"""{START}
begun = time.monotonic()
for part in range({NOISE} // 1000):
    sys.stdout.write("".join(f"noise {{part * 1000 + each}}\\n" for each in range(1000)))
    sys.stdout.flush()
    time.sleep(max(0, begun + (part + 1) / 10 - time.monotonic()))
print("rate", round({NOISE} / (time.monotonic() - begun)), flush=True)
time.sleep(1000)
"""
CALM = f"""{START}
for number in range({QUIET}):
    print("quiet", number, flush=True)
    time.sleep(0.1)
time.sleep(1000)
"""


class Seen:
    """What was told of the two."""

    def __init__(self):
        self.ready, self.quiet, self.late, self.noisy, self.dropped, self.rate = [], [], [], 0, 0, ""

    def take(self, line):
        word, _, number = line.text.partition(" ")
        self.dropped += line.dropped
        self.noisy += word == "noise"
        if word == "ready":
            self.ready.append(line.pod)
        elif word == "rate":
            self.rate = number
        elif word == "quiet":
            self.quiet.append(int(number))
            self.late.append((datetime.now(UTC) - datetime.fromisoformat(line.at)).total_seconds())

    @property
    def noise(self):
        """The line with the rate may be among those left out."""
        return self.noisy + self.dropped - (not self.rate)

    @property
    def whole(self):
        return len(self.quiet) >= QUIET and self.noise >= NOISE


def process(name, script):
    return {"process": {**WEB["process"], "name": name, "command": ["python3", "-c", script]}}


def test_the_quiet_pod_stays_readable(bring, east, monkeypatch, record_property):
    site, seen, mixed, most = bring(process("noisy", NOISY), process("quiet", CALM)), Seen(), [], 0

    def made(**given):
        mixed.append(mixer.Mixer(**given))
        return mixed[0]

    def start():
        for pod in seen.ready:
            site.kubectl("exec", pod, "--", "sh", "-c", "kill -USR1 1")

    async def read():
        nonlocal most
        starting = None
        async with asyncio.timeout(100), aclosing(pod_logs([access], query)) as lines:
            async for line in lines:
                most = max(most, mixed[0].held)
                if line is not None:
                    seen.take(line)
                if starting is None and len(seen.ready) == 2:
                    starting = asyncio.create_task(asyncio.to_thread(start))
                if seen.whole:
                    break

    monkeypatch.setattr(stream, "Mixer", made)
    name = "app.kubernetes.io/component"
    query = Query(site.namespace, name, container_label=name, follow=True, tail=100, most_a_second=200)
    access = access_for(east)
    asyncio.run(read())
    assert seen.quiet == list(range(QUIET))
    assert seen.noise == NOISE
    assert seen.dropped > NOISE / 2
    assert most <= 2 * (mixer.BUFFER + 1)
    late = sorted(seen.late)
    record_property("seconds late, half of the quiet lines", round(late[len(late) // 2], 3))
    record_property("seconds late, the latest", round(late[-1], 3))
    record_property("noisy lines a second", seen.rate or "left out")
    record_property("most lines held", most)
