"""What stands beside or before a process writes a log too, and it can be read from real pods."""

import asyncio
from contextlib import aclosing

from clusters.sessions import access_for
from clusters.stream import Query, pod_logs
from tests.apps.lab.site import HTTP, WEB, example

COMPONENT = "app.kubernetes.io/component"


def test_a_sidecar_and_what_ran_before(bring, east):
    sidecar = example("sidecar", command=["sh", "-c", "echo beside; exec python3 -m http.server 6379"], memory="64Mi")
    site = bring(WEB, HTTP, sidecar, example("init", command=["echo", "before"]))

    def written(container=""):
        query = Query(site.namespace, COMPONENT, container_label=COMPONENT, container=container)

        async def lines():
            async with aclosing(pod_logs([access_for_east], query)) as found:
                return {(line.process, line.text) async for line in found}

        return asyncio.run(lines())

    access_for_east = access_for(east)
    assert written("cache") >= {("web", "beside")}
    assert written("warm-up") == {("web", "before")}
    assert not {"beside", "before"} & {text for _, text in written()}
