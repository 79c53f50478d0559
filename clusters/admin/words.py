"""Words that come from rows and from the theme, gathered so that the catalogue has them."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

REASONS = (
    # said of clusters
    _("Answered"), _("Address not allowed"), _("Certificate not trusted"), _("Timed out"), _("Server failing"),
    _("No connection"), _("Accepted"), _("Unauthorized"), _("Forbidden"), _("Not reachable"), _("Not understood"),
    _("Too old"), _("Proven"), _("Unproven"), _("Registered twice"), _("Not seen"), _("Another cluster"),
    _("Same cluster"), _("Not readable"), _("In force"), _("Not installed"), _("All answered"), _("Group not served"),
    _("No expiry"), _("Expired"), _("Expiring soon"), _("Far away"),
    # said of environments and Works
    _("Being delivered"), _("Waiting for work"), _("Not deployed"), _("Not placed"), _("Render stale"), _("Removing"),
    _("No longer placed"), _("Target changed"), _("Available"), _("Deadline exceeded"), _("Not owned"),
    _("Prune held"), _("Namespace kept"), _("Field fought"), _("Secret unavailable"),
)  # fmt: skip
NAMES = (
    _("present"), _("retired"), _("Core"), _("Identity"), _("People and teams"), _("Part of addresses; never changes."),
)  # fmt: skip
THEME = (
    _("%(counter)s results"), _("Apply Filters"), _("Cancel"), _("Dark"), _("Expand row"), _("Filters"), _("General"),
    _("Go back"), _("Light"), _("Next"), _("No data"), _("No results found"), _("Please correct the errors below."),
    _("Previous"), _("Reset filters"), _("Return to site"), _("Run"), _("Select action"), _("Select action to run"),
    _("Select all rows"), _("Select record"), _("System"),
    _("This page yielded into no results. Create a new item or reset your filters."),
    _("Toggle password visibility"), _("True"), _("False"), _("Type to search"), _("Welcome"), _("Welcome back to"),
    _("You have been successfully logged out from the administration"),
)  # fmt: skip
