"""Reads of applications. `app_spec` is the only bridge from rows to specs; lists are filtered to what one may view."""

from apps.selectors.history import events_of
from apps.selectors.lists import (
    application_lines_of,
    applications_of,
    environments_of,
    healths_of,
    neighbours,
    project_by_name,
    projects_of,
    release_named,
    releases_of,
    whole_environments_of,
)
from apps.selectors.placement import placement
from apps.selectors.runs import schedules
from apps.selectors.scaling import scaling
from apps.selectors.secrets import Secret, latest_secrets, secrets_of
from apps.selectors.specs import app_spec
from apps.selectors.status import environment_status, status
from apps.selectors.topology import Topology, topology

__all__ = [
    "Secret",
    "Topology",
    "app_spec",
    "application_lines_of",
    "applications_of",
    "environment_status",
    "environments_of",
    "events_of",
    "healths_of",
    "latest_secrets",
    "neighbours",
    "placement",
    "project_by_name",
    "projects_of",
    "release_named",
    "releases_of",
    "scaling",
    "schedules",
    "secrets_of",
    "status",
    "topology",
    "whole_environments_of",
]
