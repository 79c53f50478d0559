"""What `apps` and the delivery loop call each other: the kind of owner, the names of its Works, the scheme of secrets.

Pure.
"""

from __future__ import annotations

from apps.naming import WORKLOAD_LIMIT, shorten

OWNER_KIND = "environment"
SECRET_SCHEME = "secret"  # noqa: S105 - the name of a scheme
GROUND = "ground"
APPLICATION = "application"
RUN_PREFIX = "run-"
"""Begins the names of Works that are a run of a schedule, started by a person."""


def run_name(schedule: str, number: int) -> str:
    """The name of the Work that is this run of the schedule."""
    return f"{RUN_PREFIX}{shorten(schedule, WORKLOAD_LIMIT)}-{number}"


def run_number(work: str, schedule: str) -> int | None:
    """Which run of the schedule a Work of this name is; None for any other Work."""
    number = work.rpartition("-")[2]
    return int(number) if number.isdecimal() and work == run_name(schedule, int(number)) else None


def channel(application_id: object) -> str:
    """The live channel of an application: hinted at each change of what its pages show."""
    return f"application:{application_id}"


HOME_CHANNEL = "applications"
"""The live channel of lists of applications."""

CONFIG_CHANNEL = "config"
"""The live channel of pages of configuration: hinted at each edit, whatever its layer."""

APPROVALS_CHANNEL = "approvals"
"""The live channel of the list of releases that wait for a second person."""


def secret_reference(version_id: object, key: str) -> str:
    """How a manifest names one value of a stored secret version."""
    return f"{SECRET_SCHEME}:{version_id}/{key}"
