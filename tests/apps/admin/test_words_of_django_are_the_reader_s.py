"""What Django and the theme say about a model is in the reader's language, and moments are written one way in all."""

import re

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.dateparse import parse_datetime
from django.utils.formats import localize
from django.utils.timezone import make_aware

from paas.core.models import AuditEvent
from paas.core.site import console

TITLE = re.compile(r"<title>(.*?)\| Dougong", re.DOTALL)


@pytest.fixture
def shown(client, admin):
    """shown(view) → the title of the page, to a reader of Chinese."""
    client.force_login(admin)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"

    def read(view, *args):
        answer = client.get(reverse(f"admin:{view}", args=args))
        return TITLE.findall(answer.content.decode())[0].strip()

    return read


def test_models_have_names_in_every_language():
    models = [*console._registry]
    assert models
    with translation.override("zh-hans"):
        said = {str(name) for model in models for name in (model._meta.verbose_name, model._meta.verbose_name_plural)}
    assert {name for name in said if name.isascii()} == {"Work"}


def test_lists_and_forms_are_titled_in_the_reader_s_language(shown):
    assert shown("identity_team_changelist") == "团队"
    assert shown("identity_team_add") == "增加 团队"


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_moments_are_written_one_way(language):
    moment = make_aware(parse_datetime("2026-11-29T14:40:05"))
    with translation.override(language):
        assert localize(moment) == "2026-11-29 14:40:05"


@pytest.mark.django_db
def test_an_event_says_when_as_its_list_does(client, admin, team):
    event = AuditEvent.objects.latest("id")
    client.force_login(admin)
    said = f"{event.at:%Y-%m-%d %H:%M:%S}"
    for view, args in (("core_auditevent_changelist", []), ("core_auditevent_change", [event.pk])):
        assert said in client.get(reverse(f"admin:{view}", args=args)).content.decode()
