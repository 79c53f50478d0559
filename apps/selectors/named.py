"""Objects by the names that people say: `team/shop`, `environment/demo/hello/production`, `platform`."""

from __future__ import annotations

from django.db.models import Model

from apps.config import LAYERS
from apps.schemas import one_of
from apps.selectors.config import find_scope
from paas.core.errors import Invalid
from paas.core.permissions import Actor


def object_named(actor: Actor, said: str) -> Model | None:
    """What is meant, None for the platform.

    Raises:
        Invalid: `object_name_invalid`.
        NotFound: `<noun>_not_found`, also where the actor may not view it.
    """
    kind, _, name = said.partition("/")
    if kind not in LAYERS or (kind == "platform") != (not name):
        raise Invalid(
            "object_name_invalid",
            f"'{said[:80]}' names nothing here.",
            rule=f"An object is platform, or {one_of([each for each in LAYERS if each != 'platform'])} with its name.",
            remedy="Write it as team/NAME, project/NAME, application/PROJECT/NAME, "
            "environment/PROJECT/APPLICATION/NAME or cluster/NAME.",
        )
    found: Model | None = find_scope(actor, kind, name).row
    return found
