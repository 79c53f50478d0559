"""How pages look at both widths, light and dark: nothing serious for axe, nothing that scrolls sideways."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe

in_each_look = pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)]
)


def look_at(page, served, addresses, scheme, width):
    """Each page by name: none has anything serious. Pictures go to the folder SCREENSHOTS, where it is named."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    serious = {}
    for name, address in addresses.items():
        page.goto(served + address)
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{folder}/{name}-{scheme}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, name
        found = Axe().run(page).response["violations"]
        serious[name] = [
            (one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in {"serious", "critical"}
        ]
    assert serious == {name: [] for name in addresses}
