"""Every page of an environment shows the tabs that lead to the others, and marks the one it stands under."""

import re
from http import HTTPStatus

from django.test import Client

from tests.proof.pages import own_pages

TABS = re.compile(r'<nav class="dg-tabs" aria-label="Pages of the environment">(.*?)</nav>', re.DOTALL)
CURRENT = re.compile(r'aria-current="page">([^<]*)</a>')
OF_ITS_OWN = {
    "config_layer": "Configuration", "config_layer_key": "Configuration", "secret_store": "Configuration",
    "secret_revoke": "Configuration", "applications_environment_logs": "Logs",
    "applications_environment_placement": "Placement", "applications_environment_scaling": "Scaling",
    "applications_environment_schedules": "Schedules", "applications_schedule_run": "Schedules",
    "applications_environment_terminal": "Terminal", "applications_terminal": "Terminal",
    "environment_protection": "Protection",
}  # fmt: skip
# What is done to it once stands under none.
ACTS = ("applications_environment_rerender", "applications_environment_retire")
NO_PAGES = ("applications_environment_terminal_open", "applications_terminal_recording")


def test_the_tabs(stage):
    browser = Client()
    browser.force_login(stage.a.people["owner"])
    addresses = {each.name: each.address(each.places(stage.a)[-1]) for each in own_pages()}
    marked, tabs = {}, set()
    for name in filter(_of_an_environment, addresses):
        answer = browser.get(addresses[name])
        assert answer.status_code == HTTPStatus.OK, name
        [found] = TABS.findall(answer.content.decode())
        marked[name] = CURRENT.findall(found)
        tabs.add(tuple(re.findall(r'href="([^"]*)"', found)))
    assert marked == {**{name: [word] for name, word in OF_ITS_OWN.items()}, **{name: [] for name in ACTS}}
    [(_application, *links)] = tabs
    assert {*links} <= {addresses[name] for name in OF_ITS_OWN}
    assert len(links) == len({*OF_ITS_OWN.values()})


def _of_an_environment(name):
    prefixes = ("applications_environment_", "applications_terminal", "environment_")
    return name in OF_ITS_OWN or (name.startswith(prefixes) and name not in NO_PAGES)
