"""Why one container of a pod does not do what it should, in words for people.

Reasons are kept steady: a container that is pulled or restarted again and again alternates between two states, and a
verdict that alternates with it would wake everybody who watches.
Pure.
"""

from __future__ import annotations

import re
from typing import Any

from clusters.health.reading import count, part, text
from clusters.health.verdict import Verdict, degraded, progressing

_PULL = frozenset({"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError"})
_PULL_BY_NAME = frozenset({"InvalidImageName", "ErrImageNeverPull", "SignatureValidationFailed"})
_CREATE = frozenset(
    {
        *("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "ContainerCannotRun"),
        *("PreCreateHookError", "PreStartHookError", "PostStartHookError"),
    }
)
# How the runtime ends a container whose command it could not run: it is no crash of the program, and there is no log.
_NEVER_STARTED = frozenset({"StartError", "ContainerCannotRun"})
_DENIED_RE = re.compile(r"denied|unauthorized|authori[sz]ation|authentication|forbidden|\b40[13]\b", re.IGNORECASE)
_NOT_FOUND_RE = re.compile(r"not found|manifest unknown|name unknown|no such manifest|\b404\b", re.IGNORECASE)
# From the third restart on, a container that runs for the moment is still one that crashes.
_MANY_RESTARTS = 3
_LONGEST = 500


def why_not(status: dict[str, Any], spec: dict[str, Any], *, is_init: bool) -> Verdict | None:
    """The cause in one entry of (init)containerStatuses, None when the container is as it should be."""
    name, waiting = text(status, "name"), part(status, "state", "waiting")
    if waiting:
        return _waiting(name, text(waiting, "reason"), text(waiting, "message"), status, spec)
    if part(status, "state", "terminated"):
        ended = part(status, "state", "terminated")
        return _crashed(name, ended, status, spec) if count(ended, "exitCode") else None
    if status.get("ready") is True:
        return None
    if not part(status, "state", "running"):
        return progressing("ContainerCreating", f"Container {name} is being created")
    return _running(name, status, spec, is_init=is_init)


def _waiting(name: str, reason: str, message: str, status: dict[str, Any], spec: dict[str, Any]) -> Verdict:
    if reason in _PULL:
        return _not_pulled(text(spec, "image") or text(status, "image"), message)
    message = shortened(message)
    if reason in _PULL_BY_NAME:
        return degraded(reason, f"Image {text(spec, 'image') or text(status, 'image')}: {message or reason}")
    if reason in _CREATE:
        return degraded(reason, f"Container {name} cannot be created: {message or reason}")
    if reason == "CrashLoopBackOff":
        return _crashed(name, part(status, "lastState", "terminated"), status, spec)
    return progressing(reason or "ContainerCreating", f"Container {name} is being created" + _after(message))


def _not_pulled(image: str, message: str) -> Verdict:
    # The cause stands at the end, behind the image's name, again and again.
    why = _after(shortened(message))
    if _DENIED_RE.search(message):
        return degraded("ImagePullDenied", f"The registry denies the pull of image {image}{why}")
    if _NOT_FOUND_RE.search(message):
        return degraded("ImageNotFound", f"The registry has no image {image}{why}")
    return degraded("ImagePullBackOff", f"Image {image} cannot be pulled{why}")


def _crashed(name: str, ended: dict[str, Any], status: dict[str, Any], spec: dict[str, Any]) -> Verdict:
    code, restarts = ended.get("exitCode"), count(status, "restartCount")
    known = f"exit code {code}, " if type(code) is int else ""
    times = f"{known}{restarts} restart{'' if restarts == 1 else 's'}"
    if text(ended, "reason") in _NEVER_STARTED:
        why = _after(shortened(text(ended, "message")))
        return degraded("RunContainerError", f"Container {name} cannot be started{why}")
    if text(ended, "reason") == "OOMKilled":
        limit = text(spec, "resources", "limits", "memory")
        more = f"more memory than its limit of {limit}" if limit else "more memory than it may"
        return degraded("OOMKilled", f"Container {name} used {more} ({times})")
    return degraded("CrashLoopBackOff" if restarts else "ContainerCrashed", f"Container {name} crashed ({times})")


def _running(name: str, status: dict[str, Any], spec: dict[str, Any], *, is_init: bool) -> Verdict | None:
    last, restarts = part(status, "lastState", "terminated"), count(status, "restartCount")
    crashed = count(last, "exitCode") != 0
    if crashed and (text(last, "reason") == "OOMKilled" or restarts >= _MANY_RESTARTS):
        return _crashed(name, last, status, spec)
    if is_init and text(spec, "restartPolicy") != "Always":
        return progressing("Initializing", f"Init container {name} runs")
    if crashed:
        said = f"exit code {count(last, 'exitCode')}, {restarts} restart{'' if restarts == 1 else 's'}"
        return progressing("Restarted", f"Container {name} crashed and was started again ({said})")
    if status.get("started") is False:
        return progressing("StartingUp", f"Container {name} runs, its startup probe has not passed")
    # A sidecar that has started does not hold the pod back unless it has a readiness probe.
    return _not_ready(name) if not is_init or "readinessProbe" in spec else None


def _not_ready(name: str) -> Verdict:
    return progressing("NotReady", f"Container {name} runs, its readiness probe does not pass")


def shortened(message: str) -> str:
    """A message of a length that people read."""
    return message if len(message) <= _LONGEST else message[:_LONGEST] + "…"


def _after(message: str) -> str:
    return f": {message}" if message else ""
