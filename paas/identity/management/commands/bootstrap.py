"""`manage.py bootstrap`: the first administrator and a team to begin with; may be run again."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from paas.core.errors import Refusal
from paas.identity.models import Team
from paas.identity.services import bootstrap_admin, create_team

PASSWORD_VARIABLE = "DOUGONG_ADMIN_PASSWORD"  # noqa: S105 - the variable's name


class Command(BaseCommand):
    """Takes the password from the environment, where `ps` does not show it, or from `--password`."""

    help = "Make the first administrator (a superuser) and a team, whichever is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Names with sensible defaults."""
        parser.add_argument("--username", default="admin")
        parser.add_argument("--password", default="", help=f"Else the variable {PASSWORD_VARIABLE}.")
        parser.add_argument("--team", default="demo", help="The team's name; empty for none.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what is there afterwards."""
        password = options["password"] or os.environ.get(PASSWORD_VARIABLE, "")
        if not password:
            raise CommandError(f"Give the administrator's password by {PASSWORD_VARIABLE} or --password.")
        admin = bootstrap_admin(username=options["username"], password=password)
        self.stdout.write(f"administrator: {admin.username}")
        name = options["team"]
        if not name:
            return
        try:
            team = Team.objects.filter(name=name).first() or create_team(
                name=name, title=name.capitalize(), actor=admin
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"team: {team.name}")
