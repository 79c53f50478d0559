"""The console pages of applications. Written through services alone; what changes under the eyes comes by SSE.

In here:

    views         refusals as messages, and what every page shares
    shown         rows made ready for templates: badges, cards, tables
    tree          environments, clusters, routes, services and workloads as rows
    drift         whether what lives is what is declared, a badge a cluster
    images        names of images as people know them
    fragments     the parts that are live, as HTML
    home          "My applications" on the home page
    projects      projects
    applications  list and page of an application, retirement
    environments  one environment rendered anew, or retired
    schedules     how the runs of schedules went, and a run by hand
    releases      the release history: comparing two releases, and rolling back
    differences   in what two releases differ, as rows
    approvals     releases that wait for a second person, and which environments are protected
    config        the matrix of configuration: keys by environments, and secrets
    config_edit   changing a key in place
    config_keys   what happened to a key or a secret
    config_proposals  the second person's decision
    config_shown  its cells as rows
    layers        addresses of layers, and who may change them
    pull_secrets  credentials for registries of a team
    freezes       times in which nothing new is released
    explaining    why a person may do something, or who can grant it
    project_members  who has a role on a project
    first_run     the first steps on an empty platform
    logs          the logs page
    exceptions    other figures for a while
    tenants       what a team gets in its namespaces
    terminals     the terminal page, and replays
    forms         what people fill in
    filters       by what the list of applications is narrowed
    search        what the keyboard palette finds
    meanings      what codes of refusals and actions mean
"""

from apps.admin import (  # noqa: F401 - they register pages and what can be found
    approvals,
    config,
    exceptions,
    explaining,
    first_run,
    freezes,
    meanings,
    pull_secrets,
    search,
    tenants,
)
from apps.admin.applications import ApplicationAdmin
from apps.admin.projects import ProjectAdmin

__all__ = ["ApplicationAdmin", "ProjectAdmin"]
