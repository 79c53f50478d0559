"""What `apps` hands to the delivery loop when Django starts: secret values, and ears for what is observed."""

from __future__ import annotations

from apps.delivery import OWNER_KIND, PULL_SCHEME, SECRET_SCHEME
from apps.selectors.pull_secrets import pull_config
from apps.selectors.secrets import secret_value
from apps.services.observe import cluster_changed, observed_environment, shown_environment
from clusters import observed, placement, resolve


def register() -> None:
    """Register with the registries of `clusters`; a second call finds itself there."""
    resolve.register(SECRET_SCHEME, secret_value)
    resolve.register(PULL_SCHEME, pull_config)
    observed.register(OWNER_KIND, observed_environment)
    placement.register(cluster_changed)
    observed.register_viewer(OWNER_KIND, shown_environment)
