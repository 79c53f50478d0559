"""`manage.py seed_applications 10000`: so many applications, to try lists and pages on.

Each is deployed by the service that deploys, so all that belongs to one is there: release, Works, placements, audit
events. Without `--cluster` they are placed on two stand-ins that nothing is delivered to.
"""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from apps import appfile, services
from apps.models import Application, Project
from clusters.models import Cluster
from clusters.target import ClusterTarget, GatewayRef
from paas.core.permissions import Actor
from paas.identity.models import Team, User
from paas.identity.services import create_team

PREFIX = "seed"
A_TRANSACTION = 25
TEAMS = 20
PROJECTS = 100
STAND_INS = (f"{PREFIX}-east", f"{PREFIX}-west")
SERVED = frozenset({"gateway.networking.k8s.io/v1/HTTPRoute"})
FOR_EVER = timedelta(days=36500)


class Command(BaseCommand):
    """May be run again: what is there already counts."""

    help = "Deploy applications by the thousand, to try lists and pages on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many, and where."""
        parser.add_argument("count", type=int, help="How many applications there shall be.")
        parser.add_argument("--cluster", action="append", help="A registered cluster; may be repeated.")
        parser.add_argument("--production", action="store_true", help="Do it in production too.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how far it is."""
        if settings.DOUGONG.mode == "production" and not options["production"]:
            raise CommandError("This is a production platform. Give --production if it is meant all the same.")
        actor = User.objects.filter(is_superuser=True, is_active=True).order_by("date_joined").first()
        if actor is None:
            raise CommandError("There is no administrator: run manage.py bootstrap first.")
        clusters = options["cluster"] or [_stand_in(name).name for name in STAND_INS]
        projects = [_project(number, actor) for number in range(min(PROJECTS, options["count"]))]
        there = Application.objects.filter(project__in=projects, retired_at=None).count()
        for first in range(there, options["count"], A_TRANSACTION):
            with transaction.atomic():
                for number in range(first, min(first + A_TRANSACTION, options["count"])):
                    _deploy(number, projects[number % len(projects)], clusters, actor)
            if (first // A_TRANSACTION) % 20 == 0:
                self.stdout.write(f"{first} of {options['count']}")
        self.stdout.write(f"{max(there, options['count'])} applications in {len(projects)} projects")


def _deploy(number: int, project: Project, clusters: list[str], actor: Actor) -> None:
    name = f"{PREFIX}-{number:05}"
    file = {
        "name": name,
        "project": project.name,
        "image": f"registry.example/{name}@sha256:{'0' * 64}",
        "environments": {"production": {"clusters": clusters}},
        "blocks": [
            {"process": {"name": "web", "cpu": "50m", "memory": "64Mi"}},
            {"port": {"process": "web", "port": 8080}},
            {"config": {"values": {"NUMBER": str(number)}}},
            {"route": {"process": "web", "host": f"{name}.example"}},
        ],
    }
    services.deploy(project=project, app_file=appfile.validate(file), actor=actor, reason="seeded")


def _project(number: int, actor: Actor) -> Project:
    name = f"{PREFIX}-{number:03}"
    found = Project.objects.filter(name=name).first()
    return found or services.create_project(team=_team(number % TEAMS, actor), name=name, title=name, actor=actor)


def _team(number: int, actor: Actor) -> Team:
    name = f"{PREFIX}-{number:02}"
    return Team.objects.filter(name=name).first() or create_team(name=name, title=name, actor=actor)


def _stand_in(name: str) -> Cluster:
    """A row that looks like a cluster which has been seen; its breaker is open, so it is in no queue."""
    target = ClusterTarget(name, "v1.34.4", SERVED, gateway=GatewayRef("gateway", "gateway"))
    facts = {"target": {key: value for key, value in target.to_json().items() if key != "name"}}
    fields = {"server": f"https://{name}.invalid:6443", "facts": facts, "breaker_until": timezone.now() + FOR_EVER}
    return Cluster.objects.get_or_create(name=name, defaults=fields)[0]
