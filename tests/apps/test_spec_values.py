import json
from dataclasses import FrozenInstanceError

import pytest

from apps.spec import AppSpec


def test_survives_json(make_app, web, http):
    spec = make_app(web, http, {"config": {"values": {"A": "1"}}})
    assert AppSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


def test_is_immutable_through_and_through(make_app, web):
    spec = make_app(web)
    with pytest.raises(FrozenInstanceError):
        spec.image = "other"
    with pytest.raises(TypeError):
        spec.blocks[0].params["name"] = "other"
    with pytest.raises(TypeError):
        spec.secrets["database"].keys["DATABASE_URL"] = "other"


def test_keeps_nothing_of_what_it_was_made_of(make_app):
    values = {"A": "1"}
    spec = make_app({"config": {"values": values}})
    values["A"] = "2"
    assert spec.blocks[0].params["values"]["A"] == "1"
    spec.to_json()["blocks"][0]["params"]["values"]["A"] = "3"
    assert spec.blocks[0].params["values"]["A"] == "1"
