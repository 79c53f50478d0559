"""Ends a demo, whatever state it is in: processes, then clusters, then what it kept."""

import os
import shutil
from functools import partial

from deploy.control_plane import records
from deploy.lab import locks, paths
from deploy.lab.errors import LabError
from deploy.lab.steps import Steps

from .demo import Demo
from .members import Member


def is_up(demo: Demo) -> bool:
    """Whether anything of it was begun."""
    return bool(demo.config.remembered()) or (demo.in_lab and paths.Paths(demo.config.lab).state.exists())


def down(demo: Demo) -> None:
    """Leave nothing: no process, no file; of clusters of one's own, nothing of ours on them."""
    steps = Steps()
    left = [] if demo.in_lab else [steps.add("leave the clusters", partial(leave, demo))]
    stopped = steps.add("end the control plane", partial(stop, demo), left)
    ours = demo.in_lab and _lab_is_ours(demo.config.lab)
    last = steps.add("lab down", partial(demo.lab, "down"), [stopped]) if ours else stopped
    steps.add("remove the state", lambda: shutil.rmtree(demo.config.state, ignore_errors=True), [last])
    steps.run()


def _lab_is_ours(name: str) -> bool:
    """Root's `down` of a lab that isn't there costs a second and finds leftovers of any crash."""
    return os.geteuid() == 0 or (paths.Paths(name).state.exists() and locks.known_slot(name) is not None)


def stop(demo: Demo) -> None:
    """End its processes; what the lab runs goes on."""
    if demo.config.environment.exists():
        demo.plane.stop()
    demo.stores.stop()
    records.end_all(demo.config.state)


def leave(demo: Demo) -> None:
    """Take the applications off its clusters, and the grants that came with it."""
    if not demo.config.environment.exists():
        return
    if not demo.plane.ready():
        print("The control plane does not run, so the clusters keep what it delivered. To have it removed:")
        print("`make demo` once more, then `make down`.")
        return
    for member in demo.members:
        if demo.cluster(member.name):
            _leave_one(demo, member)


def _leave_one(demo: Demo, member: Member) -> None:
    found = (demo.config.state / f"{member.name}.granted-before").exists()
    grants = [] if found else ["--kubeconfig", str(member.kubeconfig), "--kubectl", str(member.kubectl)]
    try:
        demo.admin("cluster", "leave", member.name, *grants, "--remove-workloads", "--timeout", "120")
    except LabError as error:
        print(f"{member.name} keeps what was delivered there: {error}")
