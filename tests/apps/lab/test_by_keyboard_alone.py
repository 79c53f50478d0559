"""The whole way on a real cluster by keyboard alone: deployed, broken, understood, mended, rolled back.

The page says what is wrong when Kubernetes does: a program that ended once has crashed, one that ended again after it
was started again does so again and again. So the loop is driven until the cluster says that, not until a word of it.
"""

import importlib.util
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connections
from playwright.sync_api import sync_playwright

from apps.models import Environment, Release
from apps.services.observe import roll_up_due
from clusters.manifests import ObjectId
from paas.core.conditions import get_condition
from tests.apps.browser.keyboard import Keyboard, first_deploy, next_deploy, roll_back, to_project, understand
from tests.apps.lab.site import HTTP, WEB, Site, web

# Conftests of neighbours are no modules that one could import.
_path = Path(__file__).parents[1] / "browser" / "conftest.py"
_spec = importlib.util.spec_from_file_location("browser_for_the_lab", _path)
_browser = sys.modules[_spec.name] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_browser)
globals().update({name: getattr(_browser, name) for name in ("errors", "served", "sign_in")})

LAST_WORDS = "fatal: no database"
FAILS = web(command=["sh", "-c", f"echo '{LAST_WORDS}' >&2; exit 3"])
MENDED = web(cpu="25m")


@pytest.fixture
def page(monkeypatch):
    """A browser of this test's own. Playwright keeps an event loop in this thread, in which the lab's other tests could
    run none, so it ends with the test.
    """
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


@pytest.fixture
def loop(until, admins):
    """loop(check) drives the loop and what adds up its results, in a thread beside that of the browser."""
    beside = ThreadPoolExecutor(1)

    def go(check):
        def settled():
            roll_up_due()
            return check()

        beside.submit(lambda: Site(Environment.objects.get(), until).until(settled, minutes=2)).result()

    yield go
    beside.submit(connections.close_all).result()
    beside.shutdown()
    for each in Environment.objects.all():
        admins["east"].delete(ObjectId("", "Namespace", "", each.namespace))


def ready():
    """What is said of the environment."""
    return get_condition(Environment.objects.get().status.conditions, "Ready") or {}


def is_healthy(number):
    environment = Environment.objects.get()
    status = environment.status
    seen = status.observed_generation == environment.generation
    return seen and status.health == "Healthy" and environment.current_release.number == number


def test_create_deploy_break_understand_mend_and_roll_back(request, east, project, owner, image, loop):
    def document(*blocks):
        return {
            "name": "hello", "project": project.name, "image": image,
            "environments": {"production": {"clusters": ["east"]}}, "blocks": list(blocks),
        }  # fmt: skip

    def fails():
        said = ready()
        return said.get("reason") == "CrashLoopBackOff" and LAST_WORDS in said["message"]

    # Only now, when the cluster was joined in this thread.
    page, errors = request.getfixturevalue("sign_in")(owner), request.getfixturevalue("errors")
    keys = Keyboard(page)
    to_project(keys, project)
    first_deploy(keys, document(WEB, HTTP))
    loop(lambda: is_healthy(1))
    page.get_by_text("All is delivered and healthy.").first.wait_for()
    next_deploy(keys, document(FAILS, HTTP))
    loop(fails)
    understand(keys, LAST_WORDS)
    next_deploy(keys, document(MENDED, HTTP), number=3)
    loop(lambda: is_healthy(3))
    page.get_by_text("All is delivered and healthy.").first.wait_for()
    roll_back(keys, link="Roll back… production r1", number=4)
    loop(lambda: is_healthy(4))
    page.get_by_text("All is delivered and healthy.").first.wait_for()
    assert Release.objects.get(number=4).rolled_back_to.number == 1
    assert errors == []
