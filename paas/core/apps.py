"""Django's handle on paas.core."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Label "core"."""

    name = "paas.core"
    label = "core"
    verbose_name = "Platform"
    default_auto_field = "django.db.models.BigAutoField"
