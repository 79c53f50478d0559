"""From nothing to a release that broke and back, with Tab, Enter and letters alone: no step takes a mouse, and where
the focus is can be seen at each.
"""

import json

import pytest
from django.urls import reverse

from apps.models import Application, Environment, Release
from clusters.models import Work

pytestmark = pytest.mark.browser

BROKEN = "b" * 64
MOST_TABS = 150
# Of the element that has the focus: its name as it is read aloud, whether it stands out, whether it is in the window.
FOCUS = """() => {
  const here = document.activeElement;
  const told = (here.labels && here.labels[0]) || here;
  const copy = told.cloneNode(true);
  for (const each of copy.querySelectorAll("[aria-hidden=true], select, input, textarea")) each.remove();
  const style = getComputedStyle(here), box = here.getBoundingClientRect();
  return {
    name: (here.ariaLabel || copy.textContent).replace(/\\s+/g, " ").trim(),
    inside: Boolean(here.closest("#content")),
    body: here === document.body,
    stands_out: style.outlineStyle !== "none" || style.boxShadow !== "none",
    in_window: box.bottom > 0 && box.top < innerHeight && box.width > 0,
  };
}"""


class Keyboard:
    """The page through its keys."""

    def __init__(self, page):
        self.page = page

    def tab(self):
        self.page.keyboard.press("Tab")
        here = self.page.evaluate(FOCUS)
        assert here["body"] or (here["stands_out"] and here["in_window"]), here
        return here

    def skip(self):
        """Past the sidebar: what comes next is of the page itself."""
        assert self.tab()["name"] == "Skip to the content"
        self.page.keyboard.press("Enter")

    def reach(self, name):
        seen = []
        for _ in range(MOST_TABS):
            here = self.tab()
            seen.append(here["name"])
            if here["name"] == name:
                return here
        raise AssertionError(f"{name} was not reached: {seen}")

    def reach_element(self, locator):
        for _ in range(MOST_TABS):
            self.tab()
            if locator.evaluate("each => each === document.activeElement"):
                return
        raise AssertionError("it was not reached")

    def press(self, name):
        self.reach(name)
        self.page.keyboard.press("Enter")

    def write(self, name, text):
        self.reach(name)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)


@pytest.fixture
def broken(observe):
    """broken() plays the clusters: the program of the release ends with an error again and again."""

    def go():
        reason = {
            "type": "Ready", "status": "False", "reason": "CrashLoopBackOff",
            "message": "Container main crashed (exit code 3)", "lastTransitionTime": "2026-01-01T00:00:00+00:00",
        }  # fmt: skip
        Work.objects.filter(name="application").update(conditions=[reason], health="Degraded")
        observe(Environment.objects.get(), "Degraded")

    return go


def first_deploy(keys, file):
    """From the page of the project: a preview, which does nothing, then the act."""
    keys.skip()
    assert keys.tab()["inside"]
    keys.press("Deploy an application…")
    keys.page.get_by_label("App file").wait_for()
    keys.skip()
    keys.write("App file", json.dumps(file))
    keys.press("Preview")
    keys.page.locator("#preview").wait_for()
    assert not Application.objects.exists()
    keys.skip()
    keys.press("Deploy")
    keys.page.get_by_text("Deployed: production r1.").wait_for()


def next_deploy(keys, file):
    """From the page of the application."""
    keys.skip()
    keys.press("Deploy")
    keys.page.get_by_label("App file").wait_for()
    keys.skip()
    keys.write("App file", json.dumps(file))
    keys.write("Reason, for the audit trail", "a new one")
    keys.press("Deploy")
    keys.page.get_by_text("Deployed: production r2.").wait_for()


def understand(keys):
    """The page says by itself what is wrong and what that means; the objects are closed and opened again."""
    page = keys.page
    page.get_by_text("The program ends with an error again and again").first.wait_for()
    assert page.get_by_text("Container main crashed (exit code 3)").first.is_visible()
    keys.skip()
    keys.press("Close all")
    assert page.locator(".dg-tree details[open]").count() == 0
    keys.reach_element(page.locator(".dg-tree summary").first)
    page.keyboard.press("Enter")
    assert page.locator(".dg-tree details[open]").count() == 1


def roll_back(keys):
    keys.page.reload()
    keys.skip()
    keys.press("Roll back…")
    keys.page.get_by_text("A new release repeats").wait_for()
    keys.skip()
    keys.write("Reason, for the audit trail", "it broke")
    keys.press("Roll back")
    keys.page.get_by_text("production returns to r1 as r3.").wait_for()


def test_create_deploy_break_understand_and_roll_back(sign_in, project, owner, east, document, broken, errors):
    page = sign_in(owner)
    keys = Keyboard(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("demo")
    page.get_by_role("option", name="demo").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{reverse('admin:applications_project_change', args=[project.pk])}")
    first_deploy(keys, document())
    next_deploy(keys, {**document(), "image": f"registry.example/hello@sha256:{BROKEN}"})
    page.get_by_text("Live", exact=True).wait_for()
    broken()
    understand(keys)
    roll_back(keys)
    last = Release.objects.get(number=3)
    assert (last.rolled_back_to.number, last.reason, last.created_by_name) == (1, "it broke", "olga")
    assert errors == []


def test_somebody_is_taken_out_of_a_team(sign_in, served, team, owner, viewer, errors):
    page = sign_in(owner)
    keys = Keyboard(page)
    page.goto(served + reverse("admin:identity_team_change", args=[team.pk]))
    keys.skip()
    keys.press("Change members…")
    page.get_by_role("button", name="Give the role").wait_for()
    keys.skip()
    keys.press("Take out… victor")
    page.get_by_text("loses with it").wait_for()
    keys.skip()
    keys.write("To confirm, type their name: victor", "victor")
    keys.press("Take out")
    page.get_by_text("victor is no member any more.").wait_for()
    assert errors == []
