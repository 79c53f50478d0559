"""The console pages of the fleet: clusters and the Works on them. Written through services alone.

In here:

    badges   what a row says, in a word, an icon and a tone
    tables   rows of cells, laid out by one template
    page     what the page of one cluster shows
    forms    what people fill in
    fleet    list, page, registration and actions of clusters
    works    Works, read-only
    work_page  what the page of one Work shows
    clicks   what a click came to, on the page of its event
    grid     the fleet as tiles and as a table
    reasons  what the reasons of conditions mean
    meanings  what codes of refusals and actions mean
    words    words of rows and of the theme, for the catalogue
"""

from clusters.admin import clicks, meanings  # noqa: F401 - they register a part of the page of an event, and words
from clusters.admin.fleet import ClusterAdmin
from clusters.admin.works import WorkAdmin

__all__ = ["ClusterAdmin", "WorkAdmin"]
