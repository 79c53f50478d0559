"""Django's handle on paas.identity."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Label "identity"."""

    name = "paas.identity"
    label = "identity"
    verbose_name = "People and teams"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Sign-ins are audited; `/readyz` tells how the directory is."""
        from paas.core.health import register_check  # noqa: PLC0415 - once all apps are there
        from paas.identity import directory, sign_ins  # noqa: F401, PLC0415 - once all apps are there

        register_check("directory", directory.health)
