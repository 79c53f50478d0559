"""Protected environments: who turns the protection on, and what may be done there at once.

What is new waits for a second person (`proposals`, `approvals`). Going back, moving and renewing what runs are done at
once, by a releaser who says why.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_noop as _

from apps.models import Environment
from apps.services.environments import announce, held
from paas.core.errors import Conflict
from paas.core.permissions import Actor, require
from paas.core.reasons import demand
from paas.core.rows import edit


def protect_environment(*, environment: Environment, protected: bool, actor: Actor, reason: str = "") -> Environment:
    """Protect an environment, or end that; its owners may. What waits for approval goes on waiting.

    Raises:
        Conflict: `environment_retiring`.
        Invalid: `reason_required`, to end it.
    """
    require(actor, "own", environment)
    if not protected:
        demand(reason, "Protection is ended")
    with transaction.atomic():
        environment = held(environment)
        action = "environment.protected" if protected else "environment.unprotected"
        if edit(environment, actor=actor, action=action, reason=reason, protected=protected):
            announce(environment.application)
    return environment


def at_once(environment: Environment, actor: Actor, reason: str) -> None:
    """Let a releaser who says why change what runs in a protected environment; everybody in any other.

    Raises:
        Forbidden: `permission_denied`.
        Invalid: `reason_required`.
    """
    if environment.protected:
        require(actor, "release", environment)
        demand(reason, "A protected environment is changed at once")


def no_release_of_config(environment: Environment) -> None:
    """Refuse a release that a change of configuration would make in a protected environment."""
    if environment.protected:
        raise Conflict(
            "environment_protected",
            _("'%(environment)s' is protected, and this would release it."),
            rule=_("What is new in a protected environment is deployed, and a second person approves it."),
            remedy=_("Store it without releases (`--no-release`), then deploy the environment."),
            params={"environment": environment},
        )
