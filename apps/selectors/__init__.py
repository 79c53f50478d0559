"""Reads of applications. `app_spec` is the only bridge from rows to specs; lists are filtered to what one may view."""

from apps.selectors.lists import applications_of, environments_of, project_by_name, projects_of, releases_of
from apps.selectors.secrets import latest_secrets
from apps.selectors.specs import app_spec
from apps.selectors.status import environment_status, status

__all__ = [
    "app_spec",
    "applications_of",
    "environment_status",
    "environments_of",
    "latest_secrets",
    "project_by_name",
    "projects_of",
    "releases_of",
    "status",
]
