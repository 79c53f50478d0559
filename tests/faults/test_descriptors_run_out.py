"""No process of a control plane has a file descriptor left: what is asked is refused or waits, and all go on alone."""

import httpx

from tests.control_plane import eventually
from tests.descriptors import none_left
from tests.faults.trial import children

SECONDS = 5


def pids(group, *names):
    """Of the processes of these names, and of their children."""
    parents = [group.process(name).pid for name in names]
    return [*parents, *(each for parent in parents for each in children(parent))]


def asked(server):
    """What somebody is answered who comes now; 0 where nobody takes the connection's request within a few seconds."""
    try:
        return httpx.get(f"{server}/readyz", timeout=SECONDS, trust_env=False).status_code
    except httpx.TransportError:
        return 0


def test_all_go_on_once_there_are_some_again(trial):
    trial.all_run()
    plane = trial.running.plane
    others = [name for name in plane.group.names if name != "web"]
    with none_left(*pids(plane.group, *others)):
        trial.declare(greeting="no descriptors")
        with none_left(*pids(plane.group, "web")):
            assert asked(plane.server) in (0, 503)
        eventually(lambda: asked(plane.server), lambda status: status == 200)
    trial.greets("no descriptors")
    trial.settled()
    trial.recorded_once()
    trial.nothing_leaked()
    said = {each["name"]: {one["type"]: one["reason"] for one in each["conditions"]} for each in clusters(trial)}
    assert {name: found["Reachable"] for name, found in said.items()} == dict.fromkeys(said, "Answered")
    trial.declare(greeting="descriptors")
    trial.greets("descriptors")
    trial.all_run()


def clusters(trial):
    """All, with their conditions."""
    return trial.running.admin.get("/clusters/").json()["results"]
