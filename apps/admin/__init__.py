"""The console pages of applications. Written through services alone; what changes under the eyes comes by SSE.

In here:

    views         refusals as messages, and what every page shares
    shown         rows made ready for templates: badges, cards, tables
    tree          environments, clusters, routes, services and workloads as rows
    images        names of images as people know them
    fragments     the parts that are live, as HTML
    home          "My applications" on the home page
    projects      projects
    applications  list and page of an application, retirement
    releases      comparing two releases, and rolling back
    logs          the logs page
    terminals     the terminal page, and replays
    forms         what people fill in
    filters       by what the list of applications is narrowed
    search        what the keyboard palette finds
"""

from apps.admin import search  # noqa: F401 - it registers what can be found
from apps.admin.applications import ApplicationAdmin
from apps.admin.projects import ProjectAdmin

__all__ = ["ApplicationAdmin", "ProjectAdmin"]
