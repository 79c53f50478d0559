"""The directory read anew, so that who may no longer come is out within a minute. Woken by beat each half a minute."""

from __future__ import annotations

import ldap
import structlog
from django.utils import timezone

from paas.identity import directory
from paas.identity.ldap import server
from paas.identity.ldap.entries import MoreMembers

logger = structlog.get_logger(__name__)


def read_directory() -> None:
    """Follow what the directory says now; a directory that does not say it changes nothing."""
    began = timezone.now()
    try:
        with server.connected() as connection:
            answer = server.everybody(connection)
    except (ldap.LDAPError, MoreMembers) as error:
        logger.warning("directory_unreadable", error=repr(error)[:300])
        directory.note(problem="unreadable", at=began)
        return
    directory.note(problem=directory.follow(answer, began=began), at=began)
