"""Who may veto a delivery: quota and policy register a check here and are asked before anything is submitted.

Called by services inside their transaction, after rendering, so that a check sees exactly what would be delivered. A
check raises a Refusal; its code is what the person reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from apps.models import Environment
from apps.spec import AppSpec
from clusters.manifests import Manifest
from paas.core.permissions import Actor


@dataclass(frozen=True)
class Delivery:
    """What is about to be submitted: the manifests by cluster name, ground included."""

    actor: Actor
    environment: Environment
    spec: AppSpec
    manifests: Mapping[str, tuple[Manifest, ...]]


Check = Callable[[Delivery], None]

_checks: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    """Have `check` asked from now on. ValueError where another has the name."""
    if _checks.setdefault(name, check) is not check:
        raise ValueError(f"an admission check {name!r} is registered already")


def admit(delivery: Delivery) -> None:
    """Ask every check, in the order of their names. Raises the Refusal of the first that refuses."""
    for name in sorted(_checks):
        _checks[name](delivery)
