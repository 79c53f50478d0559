"""Keys declared in the console: type, choices, required and protected, by those who may, without a release."""

import pytest
from django.urls import reverse

from apps.config import Declaration
from apps.models import ConfigChange, ConfigProposal, Release
from apps.selectors import config as layers

TEAM, APPLICATION = "team/crew", "application/demo/hello"


def address(layer):
    kind, _, name = layer.partition("/")
    return reverse("admin:config_layer", args=[kind, name])


@pytest.fixture
def application(deploy):
    return deploy(blocks=()).application


@pytest.fixture
def declare(client, application):
    """declare(user, layer, key=…, …) → the answer to the form, followed."""

    def go(user, layer=TEAM, **said):
        client.force_login(user)
        scope = layers.find_scope(user, *layer.split("/", 1))
        form = {"declare": "1", "type": "string", "choices": "", "description": "", "reason": ""}
        return client.post(address(layer), {**form, "version": layers.scope_version(scope), **said}, follow=True)

    return go


def declared(layer_row, key):
    entry = layers.entries([layer_row.pk])[layer_row.pk].get(key)
    return entry and entry.declaration


def test_it_is_declared_and_nothing_is_released(declare, owner, team):
    said = {"type": "integer", "required": "on", "description": "Connections.", "reason": "one pool"}
    answer = declare(owner, key="POOL", **said)
    assert "team/crew declares POOL." in answer.content.decode()
    assert declared(team, "POOL") == Declaration("integer", required=True, description="Connections.")
    assert ConfigChange.objects.get().reason == "one pool"
    assert Release.objects.count() == 1


def test_choices_are_lines(declare, owner, team):
    declare(owner, key="LEVEL", type="choice", choices="info\r\n debug \r\n\r\ninfo")
    assert declared(team, "LEVEL") == Declaration("choice", ("info", "debug"))


def test_the_form_says_what_is_declared_and_takes_it_away(client, declare, configure, owner, team):
    configure(team, declare={"LEVEL": Declaration("choice", ("info", "debug"), required=True)})
    client.force_login(owner)
    form = client.get(address(TEAM), {"declare": "LEVEL"}).context["declaring"].form
    assert (form["type"].value(), form["choices"].value(), form["required"].value()) == ("choice", "info\ndebug", True)
    answer = declare(owner, key="LEVEL", remove="on")
    assert "declares LEVEL no longer" in answer.content.decode()
    assert declared(team, "LEVEL") is None


def test_a_protected_key_is_proposed_with_a_reason(declare, configure, owner, team):
    configure(team, declare={"LIMIT": Declaration(protected=True)})
    assert declare(owner, key="LIMIT").context["declaring"].form["reason"].errors
    answer = declare(owner, key="LIMIT", reason="no longer so important")
    assert "LIMIT is proposed" in answer.content.decode()
    assert declared(team, "LIMIT").protected
    assert ConfigProposal.objects.get().changes["LIMIT"]["after"]["declaration"]["protected"] is False


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"key": "no key"}, "config_key_invalid"),
        ({"key": "PORT"}, "config_key_reserved"),
        ({"key": "A", "type": "choice"}, "config_declaration_invalid"),
        ({"key": "A", "choices": "x"}, "config_declaration_invalid"),
        ({"key": "A", "remove": "on"}, "config_not_set"),
    ],
)
def test_a_refusal_keeps_what_was_typed(declare, owner, said, code):
    answer = declare(owner, reason="because of this", **said)
    assert code in answer.content.decode()
    assert "because of this" in answer.content.decode()
    assert answer.context["declaring"].form["key"].value() == said["key"]
    assert not ConfigChange.objects.exists()


def test_two_at_once_do_not_write_over_each_other(declare, configure, owner, team):
    stale = layers.scope_version(layers.scope_of(team))
    configure(team, declare={"LEVEL": Declaration("integer")})
    answer = declare(owner, key="LEVEL", type="boolean", version=stale)
    assert "version_changed" in answer.content.decode()
    assert declared(team, "LEVEL") == Declaration("integer")
    again = answer.context["declaring"].form["version"].value()
    declare(owner, key="LEVEL", type="boolean", version=again)
    assert declared(team, "LEVEL") == Declaration("boolean")


def test_it_is_offered_where_keys_are_declared_by_those_who_may(client, declare, owner, viewer, team, configure):
    configure(team, LEVEL="info", release=False)
    for user, layer, there in (
        (owner, TEAM, True),
        (owner, APPLICATION, True),
        (owner, "environment/demo/hello/production", False),
        (viewer, TEAM, False),
    ):
        client.force_login(user)
        text = client.get(address(layer)).content.decode()
        assert ("Declare a key…" in text) == there, (user, layer)
        assert ('declare=LEVEL#declare"' in text) == there, (user, layer)
        assert (client.get(address(layer), {"declare": "LEVEL"}).context["declaring"] is not None) == there
    assert "permission_denied" in declare(viewer, key="OTHER").content.decode()
    assert declared(team, "OTHER") is None
