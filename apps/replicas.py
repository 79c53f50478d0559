"""How many replicas a process has on a cluster, and who decides it: its own number, or scalers that must not fight.

Called by `render` before the contributions to a process are checked and merged. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from apps import division
from apps.contribution import ProcessContribution, RenderError, Scaler
from clusters.target import ClusterTarget

Given = tuple[str, ProcessContribution]
"""The path of a block use, and what it gives to a process."""
ADVICE = "Off"
"""The mode of a vertical scaler that changes nothing."""


def settled(given: Sequence[Given], target: ClusterTarget, name: str) -> list[Given]:
    """What is given to a process with the numbers of this cluster.

    RenderError `too_few_to_divide`, `not_scaled`, `scalers_conflict`.
    """
    _check_scalers(given, name)
    scaler = next((part.scaler for _, part in given if part.scaler), None)
    routed = any(part.needs_service_ports for _, part in given)
    own = [(path, _own(path, part, target, routed=routed, scaler=scaler)) for path, part in given]
    fewest = min((each.least for _, part in own for each in (part.scaler, *part.windows) if each), default=None)
    return [(path, replace(part, owns_replicas=fewest) if part.scaler else part) for path, part in own]


def note(given: Sequence[Given], target: ClusterTarget, name: str) -> str | None:
    """What to tell of a process that has no replica here since there are fewer than clusters."""
    if target.share is None or any(part.scaler for _, part in given):
        return None
    wanted = next((part.workload.replicas for _, part in given if part.workload and not part.workload.run), 0)
    routed = any(part.needs_service_ports for _, part in given)
    if not wanted or division.replicas(wanted, target, routed=routed, path=name):
        return None
    return f"{name} has no replica on {target.name}: {wanted} divided among {len(target.share)} clusters"


def _own(
    path: str, part: ProcessContribution, target: ClusterTarget, *, routed: bool, scaler: Scaler | None
) -> ProcessContribution:
    workload, own = part.workload, part.scaler
    if workload is not None and workload.run is None and target.share is not None:
        count = workload.replicas
        if scaler is None:
            count = division.replicas(workload.replicas, target, routed=routed, path=f"{path}.replicas")
        # By the whole, so that no Pod is replaced when a part changes.
        several = (scaler.least if scaler else workload.replicas) > 1
        workload = replace(workload, replicas=count, several=several)
    if own is not None:
        least, most = division.bounds(own.least, own.most, target, path)
        own = replace(own, least=least, most=most)
    windows = []
    for each in part.windows:
        least, most = division.bounds(each.least, each.most, target, path)
        windows.append(replace(each, least=least, most=most))
    return replace(part, workload=workload, scaler=own, windows=tuple(windows))


def _check_scalers(given: Sequence[Given], name: str) -> None:
    """Refuses windows of no scaler, and two scalers that both follow the use of one resource.

    The one adds replicas until each uses less, the other takes the little use for a reason to give each less: together
    they never come to rest.
    """
    sideways = {resource: path for path, part in given if part.scaler for resource in part.scaler.metrics}
    scaled = any(part.scaler for _, part in given)
    for path, part in given:
        if part.windows and not scaled:
            raise RenderError("not_scaled", path, f"process {name} has no autoscale, whose bounds it could set")
        upwards = part.vertical.resources if part.vertical and part.vertical.mode != ADVICE else ()
        for resource in upwards:
            if resource in sideways:
                message = (
                    f"the {resource} of process {name} is what {sideways[resource]} scales by; with {ADVICE} it advises"
                )
                raise RenderError("scalers_conflict", path, message)
