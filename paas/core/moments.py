"""Moments as the console tells them: in the reader's zone, and how old a thing is."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MINUTE, HOUR, DAY = 60, 3600, 86400


def when(moment: datetime | str) -> str:
    """A date and a time; a text that is none stays as it is."""
    try:
        at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    except ValueError:
        return str(moment)
    local = at if timezone.is_naive(at) else timezone.localtime(at)
    return local.strftime("%Y-%m-%d %H:%M")


def span(seconds: float) -> str:
    """A length of time in its largest unit: "3 days"."""
    amount = max(0, int(seconds))
    if amount < MINUTE:
        return _("under a minute")
    if amount < HOUR:
        number = amount // MINUTE
        return ngettext("%(number)d minute", "%(number)d minutes", number) % {"number": number}
    if amount < DAY:
        number = amount // HOUR
        return ngettext("%(number)d hour", "%(number)d hours", number) % {"number": number}
    number = amount // DAY
    return ngettext("%(number)d day", "%(number)d days", number) % {"number": number}
