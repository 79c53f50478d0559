"""Django's handle on paas.identity."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Label "identity"."""

    name = "paas.identity"
    label = "identity"
    verbose_name = "People and teams"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Sign-ins are audited."""
        from paas.identity import sign_ins  # noqa: F401, PLC0415 - registers receivers, once all apps are there
