"""Retiring: everything of an application, or of one environment, is removed from every cluster; the history stays."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from apps.models import Application, Environment
from apps.services.environments import announce
from apps.services.observe import observed_environment
from apps.services.submit import withdraw
from paas.core import audit
from paas.core.errors import Conflict, Invalid
from paas.core.permissions import Actor, require
from paas.core.rows import locked
from paas.identity.holds import refuse_protected


def retire(*, application: Application, actor: Actor, confirm: str, reason: str = "") -> Application:
    """Remove the application and its data from every cluster. Retiring until the last object is gone, then Retired.

    Args:
        confirm: the application's name, typed out.

    Raises:
        Invalid: `not_confirmed`.
        Conflict: `application_retiring`, `team_protected`.
    """
    require(actor, "own", application)
    _confirmed(confirm, application.name)
    with transaction.atomic():
        refuse_protected(application.project.team)
        application = locked(application)
        if application.retiring_at is not None:
            raise Conflict("application_retiring", f"'{application}' is {application.state.lower()} already.")
        now = timezone.now()
        application.retiring_at = now
        living = list(application.environments.filter(retired_at=None))
        for environment in living:
            _retire(environment)
        if not living:
            application.retired_at = now
        application.save_version("retiring_at", "retired_at")
        after = {"environments": [each.name for each in living]}
        audit.record(actor=actor, action="application.retiring", target=application, after=after, reason=reason)
        announce(application)
    return application


def retire_environment(*, environment: Environment, actor: Actor, confirm: str, reason: str = "") -> Environment:
    """Remove one environment and its data from every cluster.

    Raises:
        Invalid: `not_confirmed`; `confirm` is the environment's name.
        Conflict: `environment_retiring`, `team_protected`.
    """
    require(actor, "own", environment)
    _confirmed(confirm, environment.name)
    with transaction.atomic():
        refuse_protected(environment.application.project.team)
        locked(environment.application)
        environment = Environment.objects.select_related("application").get(pk=environment.pk)
        if environment.retiring_at is not None:
            raise Conflict("environment_retiring", _("'%(name)s' is being removed."), params={"name": environment})
        _retire(environment)
        after = {"application": environment.application.name, "namespace": environment.namespace}
        audit.record(actor=actor, action="environment.retiring", target=environment, after=after, reason=reason)
        announce(environment.application)
    return environment


def _confirmed(confirm: str, name: str) -> None:
    if confirm != name:
        raise Invalid(
            "not_confirmed",
            _("'%(typed)s' is not the name '%(name)s'.")
            if confirm
            else _("To confirm, the name '%(name)s' is needed."),
            rule=_("What cannot be undone is confirmed by typing the name."),
            params={"typed": confirm, "name": name},
        )


def _retire(environment: Environment) -> None:
    if environment.retiring_at is None:
        environment.retiring_at = timezone.now()
        environment.generation += 1
        environment.save_version("retiring_at", "generation")
    withdraw(environment, data=True)
    observed_environment(environment.pk)
