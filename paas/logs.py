"""How every process logs: structlog, one event a line, with the request id that also travels to tasks."""

from __future__ import annotations

from typing import Any

import structlog


def configure(*, style: str, level: str) -> dict[str, Any]:
    """Set structlog up and return Django's LOGGING.

    Args:
        style: "json" or "console".
        level: the least severe level written, such as "INFO".
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    # Structlog's own choice for people prints the local variables of a traceback: passwords and tokens among them.
    last: list[Any] = [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    if style == "json":
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        "foreign_pre_chain": shared,
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"structlog": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structlog"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Each request is logged once, by django_structlog.
            "django.server": {"handlers": [], "propagate": False},
            "uvicorn": {"handlers": [], "propagate": True},
            "uvicorn.access": {"handlers": [], "propagate": False},
            "kubernetes": {"level": "WARNING"},
            "aiohttp.access": {"level": "WARNING"},
            # A line for each request: thousands a minute where people are followed.
            "httpx": {"level": "WARNING"},
        },
    }
