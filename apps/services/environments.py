"""Making applications and environments: by a deploy, or ahead of it so that secrets can be stored first."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_noop as _

from apps.delivery import CONFIG_CHANNEL, HOME_CHANNEL, channel
from apps.ground import namespace_name
from apps.models import Application, Environment, EnvironmentStatus, Project
from apps.services.rows import insert
from clusters.models import Cluster
from paas.core import audit
from paas.core.errors import Conflict
from paas.core.permissions import Actor, require
from paas.core.rows import locked
from paas.core.sse import hint
from paas.identity.holds import refuse_cordoned


def create_environment(*, project: Project, application: str, name: str, actor: Actor) -> Environment:
    """An environment in which nothing runs yet, and its application where there is none: a place for secrets.

    Raises:
        Invalid: `application_invalid`, `environment_invalid`.
        Conflict: `environment_exists`, `application_retiring`, `team_cordoned`.
    """
    require(actor, "deploy", project)
    with transaction.atomic():
        refuse_cordoned(project.team)
        owner = ensure_application(project, application, actor)
        if owner.environments.filter(name=name, retired_at=None).exists():
            raise Conflict(
                "environment_exists",
                _("'%(application)s' has an environment '%(name)s' already."),
                params={"application": application, "name": name},
            )
        environment = ensure_environment(owner, name, actor)
        announce(owner)
    return environment


def ensure_application(project: Project, name: str, actor: Actor) -> Application:
    """The application of that name, made where there is none, locked; the caller holds the transaction."""
    living = Application.objects.filter(project=project, name=name, retired_at=None)
    application = living.first()
    if application is None:
        taken = Conflict(
            "application_just_created",
            _("'%(name)s' was created meanwhile."),
            remedy=_("Repeat it."),
            params={"name": name},
        )
        application = insert(Application(project=project, name=name), taken=taken)
        after = {"name": name, "project": project.name}
        audit.record(actor=actor, action="application.created", target=application, after=after)
    application = locked(application)
    application.project = project
    if application.retiring_at is not None:
        raise Conflict(
            "application_retiring",
            _("'%(name)s' is being removed."),
            rule=_("Its name is free again once the last of its objects is gone."),
            remedy=_("Wait until it is Retired, or choose another name."),
            params={"name": name},
        )
    return application


def ensure_environment(application: Application, name: str, actor: Actor) -> Environment:
    """The environment of that name, made where there is none, locked by its application's lock."""
    environment = Environment.objects.filter(application=application, name=name, retired_at=None).first()
    if environment is None:
        environment = Environment(application=application, name=name)
        environment.namespace = namespace_name(application.project.name, application.name, name, str(environment.pk))
        taken = Conflict(
            "environment_exists",
            _("'%(application)s' has an environment '%(name)s' already."),
            params={"application": application, "name": name},
        )
        insert(environment, taken=taken)
        EnvironmentStatus.objects.create(environment=environment)
        after = {"application": application.name, "name": name, "namespace": environment.namespace}
        audit.record(actor=actor, action="environment.created", target=environment, after=after)
    environment.application = application
    if environment.retiring_at is not None:
        raise Conflict(
            "environment_retiring",
            _("Environment '%(name)s' of '%(application)s' is being removed."),
            remedy=_("Wait until the last of its objects is gone."),
            params={"name": name, "application": application},
        )
    return environment


def held(environment: Environment) -> Environment:
    """An environment as it is now, under its application's lock. Raises Conflict `environment_retiring`."""
    application = locked(environment.application)
    environment = Environment.objects.select_related("application__project__team", "current_release").get(
        pk=environment.pk
    )
    if application.retiring_at or environment.retiring_at:
        raise Conflict("environment_retiring", _("'%(name)s' is being removed."), params={"name": environment})
    return environment


def placed_clusters(environment: Environment) -> list[Cluster]:
    """Where it is, by name, without clusters that are being unregistered."""
    placed = environment.placements.values("cluster")
    return list(Cluster.objects.filter(pk__in=placed, leaving=False).order_by("name"))


def announce(application: Application) -> None:
    """Tell live pages, once the transaction commits."""
    hint(channel(application.pk))
    hint(HOME_CHANNEL)
    hint(CONFIG_CHANNEL)
