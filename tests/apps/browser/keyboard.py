"""A page through its keys: Tab, Enter and letters, no mouse; the way from nothing to a broken release and back; and
what is done to an application that runs.
"""

import json

from apps.models import Application

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
        """Past the sidebar: what comes next is of the page itself. A form that was sent from there leads back there."""
        here = self.tab()
        if here["inside"]:
            self.page.keyboard.press("Shift+Tab")
            return
        assert here["name"] == "Skip to the content"
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


def to_project(keys, project):
    """By the palette."""
    _go(keys, project.name, f"{project.name} project", f"**/project/{project.pk}/change/")


def to_application(keys, application):
    """By the palette."""
    option = f"{application.name} {application.project.name} application"
    _go(keys, application.name, option, f"**/application/{application.pk}/change/")


def _go(keys, typed, option, address):
    keys.page.keyboard.press("Control+k")
    keys.page.keyboard.type(typed)
    keys.page.get_by_role("option", name=option).wait_for()
    keys.page.keyboard.press("Enter")
    keys.page.wait_for_url(address)


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


def next_deploy(keys, file, number=2):
    """From the page of the application; it becomes the release of that number."""
    keys.skip()
    keys.press("Deploy")
    keys.page.get_by_label("App file").wait_for()
    keys.skip()
    keys.write("App file", json.dumps(file))
    keys.write("Reason, for the audit trail", "a new one")
    keys.press("Deploy")
    keys.page.get_by_text(f"Deployed: production r{number}.").wait_for()


def understand(keys, message):
    """The page says by itself what is wrong and what that means; the objects are closed and opened again."""
    page = keys.page
    page.get_by_text("The program ends with an error again and again").first.wait_for()
    assert page.get_by_text(message).first.is_visible()
    keys.skip()
    keys.press("Close all")
    assert page.locator(".dg-tree details[open]").count() == 0
    keys.reach_element(page.locator(".dg-tree summary").first)
    page.keyboard.press("Enter")
    assert page.locator(".dg-tree details[open]").count() == 1


def roll_back(keys, link="Roll back…", number=3):
    """To r1, by the button of the environment or by the link of that release, as the release of that number."""
    keys.page.reload()
    keys.skip()
    keys.press(link)
    keys.page.get_by_text("A new release repeats").wait_for()
    keys.skip()
    keys.write("Reason, for the audit trail", "it broke")
    keys.press("Roll back")
    keys.page.get_by_text(f"production returns to r1 as r{number}.").wait_for()


def run_now(keys, schedule):
    """From any page of the environment."""
    keys.skip()
    keys.press("Schedules")
    keys.page.get_by_role("link", name=f"Run {schedule} now…").wait_for()
    keys.skip()
    keys.press(f"Run {schedule} now…")
    keys.page.get_by_label("On which cluster").wait_for()
    keys.skip()
    keys.write("Reason, for the audit trail", "the figures are late")
    keys.press("Run now")
    keys.page.get_by_text(f"hello-{schedule}-run-1 is started").wait_for()


def configure(keys, key, value, reason):
    """For one environment, from any page of it: a look at what it would release, then the act."""
    keys.skip()
    keys.press("Configuration")
    keys.page.get_by_role("link", name="Set a key…").wait_for()
    keys.skip()
    keys.press("Set a key…")
    keys.page.get_by_label("Value", exact=True).wait_for()
    keys.skip()
    keys.write("Key", key)
    keys.write("Value", value)
    keys.write("Reason, for the audit trail", reason)
    keys.press("Change…")
    keys.page.get_by_text("These environments get a release").wait_for()
    keys.skip()
    keys.press("Change it")
    keys.page.get_by_text(f"has changed: {key}. Environments released: 1.").wait_for()


def compare(keys, left, right):
    """Two environments, from the page of the application."""
    keys.skip()
    keys.press("Configuration")
    keys.page.get_by_role("button", name="Show the differences").wait_for()
    keys.skip()
    for name, environment in (("Compare", left), ("with", right)):
        keys.reach(name)
        keys.page.keyboard.type(str(environment))
    keys.press("Show the differences")
    keys.page.get_by_role("link", name="All keys").wait_for()
