"""The sample application says who it is, escapes what it is told, and finishes what it has begun when it is ended."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from deploy.demo.image import SOURCE


@pytest.fixture
def application():
    """Its address; it runs on a port that the system chose."""
    around = {**os.environ, "PORT": "0", "GREETING": "<Hi>", "APP_CLUSTER": "east", "APP_NAME": "hello"}
    with subprocess.Popen([sys.executable, SOURCE / "hello.py"], env=around, stdout=subprocess.PIPE, text=True) as run:
        yield run, f"http://127.0.0.1:{run.stdout.readline().split()[-1]}"
        run.kill()


def get(address):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=10) as answer:
        return answer.read().decode()


def test_it_says_who_it_is(application):
    _, address = application
    said = json.loads(get(f"{address}/json"))
    assert said["greeting"] == "<Hi>"
    assert said["cluster"] == "east"
    assert said["version"]
    assert set(said) == {"greeting", "version", "application", "environment", "cluster", "pod"}


def test_the_page_escapes_what_it_is_told(application):
    _, address = application
    page = get(f"{address}/")
    assert "&lt;Hi&gt;" in page
    assert "<Hi>" not in page


def test_it_is_well_and_knows_no_other_page(application):
    _, address = application
    assert get(f"{address}/healthz") == "ok\n"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(f"{address}/elsewhere")


def test_it_ends_when_asked_to(application):
    run, address = application
    get(f"{address}/healthz")
    run.send_signal(signal.SIGTERM)
    assert run.wait(timeout=20) == 0
    assert "hello has ended" in run.stdout.read()
