"""The Celery application: queues, schedules and what every task logs. Loaded by manage.py and paas.asgi, so that a
task can be woken from anywhere.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_before_create_process
from django_structlog.celery.steps import DjangoStructLogInitStep

from paas.core import heap

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paas.settings")

app = Celery("dougong")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Carries the request id from the click to the task.
app.steps["worker"].add(DjangoStructLogInitStep)
# By name: it needs the models, which are not there yet.
app.steps["worker"].add("paas.refused:Telling")


@setup_logging.connect  # type: ignore[untyped-decorator]  # celery carries no types
def _keep_logging(**_kwargs: Any) -> None:
    """Celery would put its own log handlers in the place of ours; being connected here keeps it from doing so."""


@worker_before_create_process.connect  # type: ignore[untyped-decorator]  # celery carries no types
def _share_what_is_loaded(**_kwargs: Any) -> None:
    """With the children that are forked now and do the work."""
    heap.settle()
