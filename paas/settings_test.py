"""Django's settings for tests and type checks: `paas.settings` in mode `test`, with what makes tests fast."""

from __future__ import annotations

import os

os.environ["DOUGONG_MODE"] = "test"
os.environ.setdefault("DOUGONG_HTTPS", "false")
os.environ.setdefault("DOUGONG_LOG_FORMAT", "console")

from paas.settings import *  # noqa: F403 - the same, less what follows

# Static files are looked for as they are asked for: every test client that is made would list them all.
WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT = "memory"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
