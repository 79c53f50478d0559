"""What the web process has loaded before its first request is no business of the garbage collector's."""

import os
import subprocess
import sys

ASKED = "import gc, sys; import paas.asgi; print(gc.get_freeze_count(), 'apps.api.applications' in sys.modules)"


def test_the_views_are_loaded_and_taken_out_of_its_rounds():
    there = {**os.environ, "DJANGO_SETTINGS_MODULE": "paas.settings_test"}
    done = subprocess.run([sys.executable, "-c", ASKED], env=there, capture_output=True, text=True, check=True)
    frozen, views = done.stdout.split()
    assert views == "True"
    assert int(frozen) > 100_000
