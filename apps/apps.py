"""Django's handle on `apps`."""

from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    """Label "applications": "apps" alone would say nothing in a table's name."""

    name = "apps"
    label = "applications"
    verbose_name = "Applications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the delivery loop know us."""
        from apps import loop  # noqa: PLC0415 - it imports models, which may be once all apps are there

        loop.register()
