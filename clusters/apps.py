"""The Django app `clusters`: the fleet registry and the generic delivery loop."""

from django.apps import AppConfig


class ClustersConfig(AppConfig):
    name = "clusters"
    label = "clusters"
    default_auto_field = "django.db.models.BigAutoField"
