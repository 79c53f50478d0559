"""What a failing container itself has to say: the last lines of its log, and the messages of its probes.

A log is read once for each run that has ended; what it said stays in the message of the object's row until the next run
ends, so nothing is read while nothing happens. Values of the Secrets that the pod names are hidden; where one of them
cannot be read nothing is told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from clusters.faults import ApiRefused, Unreachable
from clusters.health import Verdict
from clusters.health.reading import items, part, text
from clusters.health.scheduling import untolerated
from clusters.inventory import seen_by_containers
from clusters.kinds import WELL_KNOWN
from clusters.manifests import ObjectId
from clusters.reconcile.hiding import hidden
from clusters.reconcile.wire import Wire

MOST_LINES = 5
MOST_CHARACTERS = 500
_CRASHED = frozenset({"CrashLoopBackOff", "ContainerCrashed", "OOMKilled", "Restarted"})
_UNREADY = frozenset({"NotReady", "StartingUp"})
PROBES = {"Liveness": "LivenessProbeFailed", "Readiness": "ReadinessProbeFailed", "Startup": "StartupProbeFailed"}
_PROBE = re.compile(rf"({'|'.join(PROBES)}) probe (?:failed|errored)")
_ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")

Body = Mapping[str, Any]


async def with_evidence(wire: Wire, verdict: Verdict, pods: Sequence[Body], told: str) -> Verdict:
    """The verdict, explained by the pod and container it came from. `told` is the message of the last time.

    A refusal leaves the verdict as it is, to be tried again with the next look.
    """
    name, container = verdict.source
    pod = next((each for each in pods if text(each, "metadata", "name") == name), None)
    if pod is not None and verdict.reason == "Unschedulable" and " taint " in verdict.message:
        taints = untolerated(pod, wire.nodes)
        return replace(verdict, message="\n".join((verdict.message, *taints)))
    if pod is None or not container:
        return verdict
    try:
        if verdict.reason in _CRASHED:
            return await _of_a_crash(wire, verdict, pod, container, told)
        if verdict.reason in _UNREADY:
            return _of_a_probe(verdict, await _probe_message(wire, pod, container, since=""))
    except ApiRefused:
        pass
    return verdict


async def _of_a_crash(wire: Wire, verdict: Verdict, pod: Body, container: str, told: str) -> Verdict:
    status = _named(pod, container, "status", "containerStatuses", "initContainerStatuses")
    now, last = part(status, "state", "terminated"), part(status, "lastState", "terminated")
    ended = now or last
    heading = f"\n{text(pod, 'metadata', 'name')}, container {container}, ended {text(ended, 'finishedAt')}:\n"
    _, known, said = told.partition(heading)
    if not known:
        message = await _probe_message(wire, pod, container, since=text(ended, "startedAt"))
        log = await _log(wire, pod, container, previous=not now)
        said = "\n".join(filter(None, (message, log))) or "(it wrote nothing)"
    verdict = replace(verdict, message=f"{verdict.message}{heading}{said}")
    return _named_after_its_probe(verdict, said)


def _of_a_probe(verdict: Verdict, message: str) -> Verdict:
    if not message:
        return verdict
    return _named_after_its_probe(replace(verdict, message=f"{verdict.message}\n{message}"), message)


def _named_after_its_probe(verdict: Verdict, said: str) -> Verdict:
    probe = _PROBE.match(said)
    return replace(verdict, reason=PROBES[probe[1]]) if probe else verdict


async def _log(wire: Wire, pod: Body, container: str, *, previous: bool) -> str:
    namespace, name = text(pod, "metadata", "namespace"), text(pod, "metadata", "name")
    try:
        written, whole = await wire.log(namespace, name, container, previous=previous, lines=MOST_LINES)
    except (ApiRefused, Unreachable) as fault:
        # Most likely its node is away, which says nothing about the cluster.
        return f"(its log cannot be read: {_readable(str(fault).splitlines())})"
    values = await _values(wire, pod)
    if values is None:
        return "(its log may hold values of a Secret that cannot be read, so it is not shown)"
    lines = hidden(written, values).splitlines()
    # A line that was cut off may end with a part of a value, which is not found.
    return _readable(lines if whole else lines[:-1])


async def _probe_message(wire: Wire, pod: Body, container: str, *, since: str) -> str:
    """The latest failure of a probe in the events of the pod: of the startup or liveness probe since a run began."""
    spec = _named(pod, container, "spec", "containers", "initContainers")
    if not any(f"{each}Probe" in spec for each in ("liveness", "readiness", "startup")):
        return ""
    found = await wire.events(text(pod, "metadata", "namespace"), text(pod, "metadata", "uid"), "Unhealthy")
    failures = [
        (text(each, "lastTimestamp"), text(each, "message"))
        for each in found
        if f"{{{container}}}" in text(each, "involvedObject", "fieldPath") and _PROBE.match(text(each, "message"))
    ]
    # A container is ended by the one, is not ready by the other.
    wanted = ("Liveness", "Startup") if since else ("Readiness", "Startup")
    fitting = [message for at, message in sorted(failures) if at >= since and message.startswith(wanted)]
    if not fitting:
        return ""
    values = await _values(wire, pod)
    message = fitting[-1] if values is not None else fitting[-1].partition(":")[0]
    return _readable(hidden(message, values or ()).splitlines()[:MOST_LINES])


async def _values(wire: Wire, pod: Body) -> list[str] | None:
    """What the Secrets hold that the pod's containers see (base64), None where one of them cannot be read."""
    values: list[str] = []
    secrets = {name for kind, name in seen_by_containers(part(pod, "spec")) if kind == "Secret" and name}
    for name in sorted(secrets):
        oid = ObjectId("", "Secret", text(pod, "metadata", "namespace"), name)
        try:
            secret = await wire.get(WELL_KNOWN["v1", "Secret"], oid)
        except ApiRefused as refusal:
            if refusal.transient or refusal.unauthorized:
                raise
            secret = None
        if secret is None:
            return None
        values += map(str, (secret.get("data") or {}).values())
    return values


def _named(pod: Body, name: str, part_: str, *lists: str) -> Body:
    return next((each for key in lists for each in items(pod, part_, key) if each.get("name") == name), {})


def _readable(lines: Iterable[str]) -> str:
    """The last lines that fit, each whole or its beginning, without what moves a terminal or no database keeps."""
    kept: list[str] = []
    left = MOST_CHARACTERS
    for line in reversed(list(lines)[-MOST_LINES:]):
        plain = _ESCAPE.sub("", line).replace("\t", "    ").rstrip()
        plain = "".join(each for each in plain if not unicodedata.category(each).startswith("C"))[:left]
        if plain:
            kept.append(plain)
            left -= len(plain)
        if left <= 0:
            break
    return "\n".join(reversed(kept))
