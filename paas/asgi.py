"""What the web process serves: `uvicorn paas.asgi:application`."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paas.settings")

application = get_asgi_application()

from paas.celery import app as celery_app  # noqa: E402 - after Django's setup: a view wakes tasks through it

__all__ = ["application", "celery_app"]
