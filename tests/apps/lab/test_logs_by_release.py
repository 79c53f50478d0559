"""Each line of real pods says the release of its pod: the latest one that has the pod as it is."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from clusters.sessions import access_for
from clusters.stream import Query, pod_logs
from tests.apps.lab.site import HTTP, WEB

COMPONENT = "app.kubernetes.io/component"
SPEAKS = "import time; print({word!r}, flush=True); time.sleep(1000)"


def speaking(word, **changes):
    return {"process": {**WEB["process"], "command": ["python3", "-c", SPEAKS.format(word=word)], **changes}}


@pytest.fixture
def told(east):
    """told(site) → {(release, text)} of what its pods have written; told(site, "r1") of one release."""
    access = access_for(east)

    def read(site, release=""):
        query = Query(site.namespace, COMPONENT, container_label=COMPONENT, revisions={access.name: access})

        async def lines():
            async with aclosing(pod_logs([access], replace(query, release=release))) as found:
                return {(line.release, line.text) async for line in found}

        return asyncio.run(lines())

    return read


def test_of_a_deployment(bring, told):
    other = {"process": {**WEB["process"], "name": "other", "command": ["sleep", "1000"]}}
    assert told(bring(speaking("one"))) == {("r1", "one")}
    assert told(bring(speaking("one"), other)) == {("r1", "one")}, "the second release leaves it alone"
    site = bring(speaking("three"), other)
    # The pod of the first release may be read until it is gone.
    site.until(lambda: told(site) == {("r3", "three")})
    assert told(site, "r3") == {("r3", "three")}
    [(release, text)] = told(site, "r1")
    assert (release, text.startswith("no pod of r1 is there")) == ("", True)


def test_two_releases_side_by_side(bring, told):
    """The second listens to nobody, so it does not get ready, and the first is not ended."""
    bring(speaking("one"))
    site = bring(speaking("two", probe_path="/healthz"), HTTP, wait=False)
    site.until(lambda: told(site) == {("r1", "one"), ("r2", "two")})
    assert told(site, "r1") == {("r1", "one")}
    assert told(site, "r2") == {("r2", "two")}


def test_of_a_stateful_process(bring, told):
    assert told(bring(speaking("one", stateful=True))) == {("r1", "one")}
    site = bring(speaking("two", stateful=True))
    site.until(lambda: told(site) == {("r2", "two")})
