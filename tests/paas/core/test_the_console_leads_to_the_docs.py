"""Where an operator says where the docs are, a refusal's code and a condition's reason lead there."""

import pytest
from django.forms import Form
from django.template.loader import render_to_string

from clusters.admin import badges, tables
from paas.core.errors import Conflict
from paas.core.manual import CONDITIONS, linked
from paas.core.site import refuse, refused

REFUSAL = Conflict("host_taken", "<b>shop.example</b> belongs to another environment.")
SAID = {
    "type": "Reachable", "status": "False", "reason": "TimedOut", "message": "", "lastTransitionTime": "2026-01-01",
}  # fmt: skip


@pytest.fixture
def docs(settings):
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"docs_url": "https://docs.example/dougong/"})


def test_without_docs_words_stay_words():
    assert refused(REFUSAL).endswith("belongs to another environment. (host_taken)")
    assert linked(CONDITIONS, "TimedOut") == "TimedOut"


def test_the_code_of_a_refusal(docs):
    text = refused(REFUSAL)
    assert 'href="https://docs.example/dougong/problems.html#:~:text=host_taken"' in text
    assert "<b>" not in text


def test_the_reason_of_a_condition(docs):
    [row] = tables.conditions([SAID], badges.condition).rows
    assert 'href="https://docs.example/dougong/conditions.html#:~:text=TimedOut"' in row[1]
    assert "Timed out" in row[1]


def test_a_form_shows_it_as_a_link(docs):
    form = Form({})
    assert form.is_valid()
    refuse(form, REFUSAL)
    shown = render_to_string("console/errors.html", {"form": form})
    assert '<a class="dg-link" href="https://docs.example/dougong/problems.html#:~:text=host_taken"' in shown
    assert "&lt;b&gt;shop.example" in shown
