"""The Chinese catalogue is complete, and templates and pages show no text that does not ask for it."""

import gettext
import re
from html.parser import HTMLParser

import pytest
from django.urls import reverse

from paas.identity import services
from tests import messages

PLACES = re.compile(r"%\(\w+\)[sd]|%[sd]")
# Names of products, formats and Kubernetes things; what rows say in English (actions, messages) is the API's too.
ENGLISH = {
    "API", "CPU", "Dougong", "English", "Esc", "Enter", "GiB", "JSON", "Kubelet", "Pod", "Work", "app", "Ctrl",
    "admin", "oscar", "kubeconfig", "kubectl", "config", "view", "raw", "flatten", "dougong", "join", "key", "value",
    "team", "created", "user", "operator", "zh", "hans", "gb", "en", "shop", "The", "identity", "Team", "User",
    "Kubeconfig", "cluster", "bootstrapped", "system", "set", "UTC", "example",
    # Names of models in the theme's own sentences: the codes of refusals are made of them, so they stay English.
    "application", "applications", "project", "projects", "work", "works", "users", "audit",
    "events", "action", "object", "type", "language",
    "CSV", "sign", "succeeded", "Kubernetes", "platform", "British", "name", "title", "owners", "granted", "username",
}  # fmt: skip


class Text(HTMLParser):
    """What a page shows and says aloud, less code and icons."""

    SKIPPED = {"code", "kbd", "script", "style", "title"}
    VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

    def __init__(self):
        super().__init__()
        self.open = []
        self.texts = []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        silent = tag in self.SKIPPED or "material-symbols" in (given.get("class") or "")
        if not any(self.open) and not silent:
            self.texts += [given[name] for name in ("aria-label", "placeholder", "title") if given.get(name)]
        if tag not in self.VOID:
            self.open.append(silent)

    def handle_endtag(self, tag):
        if tag not in self.VOID and self.open:
            self.open.pop()

    def handle_data(self, data):
        if not any(self.open):
            self.texts.append(data)


def test_every_text_that_asks_for_a_translation_has_one():
    found = messages.catalogue()
    missing = {text: where for text, where in messages.marked().items() if not all(found.get(text, [""]))}
    assert missing == {}


def test_no_translation_is_left_over():
    assert {*messages.catalogue()} - {*messages.marked()} == set()


def test_translations_have_the_places_of_their_text():
    for text, told in messages.catalogue().items():
        for each in told:
            assert sorted(PLACES.findall(each)) == sorted(PLACES.findall(text)), text


def test_the_compiled_catalogue_is_of_the_text():
    with messages.CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for text, told in messages.catalogue().items():
        assert compiled.ngettext(text, text, 1) in (told[0], text), f"{text}: run make messages"
    known = {text for text, told in messages.catalogue().items() if compiled.gettext(text) == told[0]}
    plurals = {text for text in messages.marked() if text.startswith("%(number)d")}
    assert {*messages.catalogue()} - known <= plurals


@pytest.mark.parametrize("path", messages.templates(), ids=lambda path: path.name)
def test_templates_mark_what_they_show(path):
    template = path.read_text()
    assert [*messages.unmarked_in(template), *messages.unmarked_in_includes(template)] == []


@pytest.mark.parametrize("path", messages.modules(), ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_python_marks_what_it_shows(path):
    assert [*messages.unmarked_in_python(path)] == []


@pytest.fixture
def operator(db):
    admin = services.bootstrap_admin(username="admin", password="a long password")
    services.create_team(name="shop", title="The shop", actor=admin)
    user = services.create_user(username="oscar", password="oscar likes dumplings", actor=admin)
    services.set_operator(user=user, operator=True, actor=admin)
    services.set_language(user=user, language="zh-hans", actor=user)
    return user


@pytest.mark.parametrize(
    "name",
    [
        "index", "applications_application_changelist", "applications_project_changelist", "applications_project_add",
        "clusters_cluster_changelist", "clusters_cluster_add", "clusters_work_changelist",
        "config",
        "identity_team_changelist", "identity_team_add", "identity_user_changelist", "core_auditevent_changelist",
    ],
)  # fmt: skip
def test_pages_in_chinese_show_no_english(client, operator, name):
    client.force_login(operator)
    answer = client.get(reverse(f"admin:{name}"))
    assert answer.status_code in (200, 403)
    page = Text()
    page.feed(answer.content.decode())
    english = {text.strip() for text in page.texts if {*re.findall(r"[A-Za-z]{3,}", text)} - ENGLISH}
    assert english == set()
