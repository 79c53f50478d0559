"""From rows to specs: the only bridge."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from apps.models import Environment
from apps.spec import AppSpec
from paas.core.errors import Conflict


def app_spec(environment: Environment) -> AppSpec:
    """What runs in the environment now, as its release kept it. Raises Conflict `not_deployed`."""
    release = environment.current_release
    if release is None:
        raise Conflict(
            "not_deployed",
            _("Nothing has been deployed to '%(environment)s' yet."),
            remedy=_("Deploy it first."),
            params={"environment": environment},
        )
    return AppSpec.from_json(release.spec)
