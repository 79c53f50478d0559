"""`manage.py look_at_directory`: what the LDAP directory answers, and who would get which role. Changes nothing."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

SHOWN = 10


class Command(BaseCommand):
    """For whoever sets it up: the same searches that follow the directory afterwards."""

    help = "Read the directory that people sign in by, and print who would get which role."

    def handle(self, *args: Any, **options: Any) -> None:
        """How many people there are, a line for each role of the map, and what is missing."""
        if not settings.DOUGONG.ldap_uris:
            raise CommandError("Nobody signs in by a directory: DOUGONG_LDAP_URIS is empty.")
        import ldap  # noqa: PLC0415 - of the extra `ldap`

        from paas.identity.ldap import server  # noqa: PLC0415 - it imports ldap
        from paas.identity.ldap.entries import MoreMembers  # noqa: PLC0415 - beside it

        try:
            with server.connected() as connection:
                answer = server.everybody(connection)
        except (ldap.LDAPError, MoreMembers) as error:
            raise CommandError(f"{server.uri()} does not answer as it should: {error!r}") from error
        people = sorted(answer.people.values(), key=lambda person: person.name)
        may = [person for person in people if person.roles and not person.closed]
        self.stdout.write(f"{len(people)} people, of whom {len(may)} may sign in")
        for role in sorted({role for roles in settings.DOUGONG.ldap_map.values() for role in roles}):
            names = [person.name for person in may if role in person.roles]
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            self.stdout.write(f"{role}: {', '.join(names[:SHOWN]) or 'nobody'}{more}")
        for group in answer.missing:
            self.stdout.write(f"missing: {group}")
