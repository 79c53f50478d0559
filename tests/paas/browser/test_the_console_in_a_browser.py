"""The console as a person meets it: it opens, works by hand, complains of nothing, and can be used by everyone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from paas.identity.models import Team

pytestmark = pytest.mark.browser

PAGES = ["/console/", "/console/identity/team/", "/console/identity/team/add/", "/console/core/auditevent/"]


def test_a_title_is_changed_by_hand(signed_in, errors):
    signed_in.get_by_role("link", name="Teams").first.click()
    signed_in.get_by_role("link", name="shop", exact=True).click()
    signed_in.get_by_role("link", name="Edit…").click()
    signed_in.get_by_label("Title").fill("The new shop")
    signed_in.get_by_role("button", name="Save", exact=True).click()
    signed_in.get_by_role("definition").get_by_text("The new shop").wait_for()
    assert Team.objects.get().title == "The new shop"
    assert errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_stands_in_anyone_s_way(signed_in, live_server, errors, scheme):
    signed_in.emulate_media(color_scheme=scheme)
    serious = {}
    for path in PAGES:
        signed_in.goto(live_server.url + path)
        found = Axe().run(signed_in).response["violations"]
        serious[path] = [
            (one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in {"serious", "critical"}
        ]
    assert serious == {path: [] for path in PAGES}
    assert errors == []
