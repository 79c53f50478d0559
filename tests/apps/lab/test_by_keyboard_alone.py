"""The whole way on a real cluster by keyboard alone: deployed, broken, understood, rolled back."""

import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from apps.models import Environment, Release
from apps.services.observe import roll_up_due
from clusters.manifests import ObjectId
from tests.apps.browser.keyboard import Keyboard, first_deploy, next_deploy, roll_back, to_project, understand
from tests.apps.lab.site import HTTP, WEB, Site, web

# Conftests of neighbours are no modules that one could import.
_path = Path(__file__).parents[1] / "browser" / "conftest.py"
_spec = importlib.util.spec_from_file_location("browser_for_the_lab", _path)
_browser = sys.modules[_spec.name] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_browser)
globals().update({name: getattr(_browser, name) for name in (
    "_orm_beside_a_browser", "browser_type_launch_args", "errors", "served", "sign_in",
)})  # fmt: skip

pytestmark = pytest.mark.browser

LAST_WORDS = "fatal: no database"
FAILS = web(command=["sh", "-c", f"echo '{LAST_WORDS}' >&2; exit 3"])


@pytest.fixture
def loop(until, admins):
    """loop(check) drives the loop and what adds up its results, beside the browser, which has this thread's loop."""
    beside = ThreadPoolExecutor(1)

    def go(check):
        def settled():
            roll_up_due()
            return check()

        def drive(check):
            Site(Environment.objects.get(), until).until(check, minutes=2)

        beside.submit(drive, settled).result()

    yield go
    beside.shutdown()
    for each in Environment.objects.all():
        admins["east"].delete(ObjectId("", "Namespace", "", each.namespace))


def test_create_deploy_break_understand_and_roll_back(request, east, project, owner, image, loop):
    def document(*blocks):
        return {
            "name": "hello", "project": project.name, "image": image,
            "environments": {"production": {"clusters": ["east"]}}, "blocks": list(blocks),
        }  # fmt: skip

    def health():
        return Environment.objects.get().status.health

    # Only now: a browser keeps a loop in this thread, in which clusters could not be joined any more.
    page, errors = request.getfixturevalue("sign_in")(owner), request.getfixturevalue("errors")
    keys = Keyboard(page)
    to_project(keys, project)
    first_deploy(keys, document(WEB, HTTP))
    loop(lambda: health() == "Healthy")
    page.get_by_text("All is delivered and healthy.").first.wait_for()
    next_deploy(keys, document(FAILS, HTTP))
    loop(lambda: LAST_WORDS in str(Environment.objects.get().status.conditions))
    understand(keys, LAST_WORDS)
    roll_back(keys)
    loop(lambda: health() == "Healthy")
    page.get_by_text("All is delivered and healthy.").first.wait_for()
    assert Release.objects.get(number=3).rolled_back_to.number == 1
    assert errors == []
