"""Django's command line for Dougong: `DOUGONG_MODE=development .venv/bin/python manage.py help`."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run one command; a wrong setting is told in one line per setting, without a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paas.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - after the settings are named

    from paas.configuration import ConfigurationError  # noqa: PLC0415

    try:
        import paas.celery  # noqa: F401, PLC0415 - a command may wake tasks

        execute_from_command_line(sys.argv)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
