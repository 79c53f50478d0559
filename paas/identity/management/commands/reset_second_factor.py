"""`manage.py reset_second_factor NAME`: take away the second factors of somebody who has lost theirs."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from paas.core.errors import Refusal
from paas.identity.models import User
from paas.identity.second_factor import reset_on_server


class Command(BaseCommand):
    """For whoever may run commands on the server: the way back in for the last operator."""

    help = "Take away the second factors of a person, recovery codes too. The password stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who, and why."""
        parser.add_argument("username")
        parser.add_argument("--reason", required=True, help="Kept in the audit trail.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how many went."""
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no person named '{options['username']}'.")
        try:
            gone = reset_on_server(user=user, reason=options["reason"])
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{gone} removed; {user.username} signs in with a password alone now")
