"""Letting a held object go: what the loop keeps because no stored change named it, or because it holds data.

An owner of the team names one object and types its name; the loop deletes it with its next attempt. Called by the API
and the console.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from clusters.manifests import ObjectId
from clusters.models import Work
from clusters.work import release_held
from paas.core.errors import Invalid
from paas.core.permissions import Actor, require

REPORTED = {"PruneHeld": "held", "WouldPrune": "waiting"}
"""Under which words the loop lists what a person may let go: kept for good, or until its generation is Healthy."""


@dataclass(frozen=True, slots=True)
class Held:
    """An object that is kept. `why` is "held" or "waiting"; `named`: it has been let go and is about to be deleted."""

    oid: str
    why: str
    named: bool

    @property
    def kind(self) -> str:
        """Of the object."""
        return ObjectId.parse(self.oid).kind

    @property
    def name(self) -> str:
        """Of the object: what is typed to let it go."""
        return ObjectId.parse(self.oid).name


def held(work: Work) -> Iterator[Held]:
    """What a Work keeps, as of its last attempt."""
    for reported, why in REPORTED.items():
        for each in work.reported.get(reported, ()):
            yield Held(each["id"], why, each["id"] in work.retirement)


def let_go(*, work: Work, oid: str, confirm: str, actor: Actor, reason: str = "") -> None:
    """Have a held object deleted, with the data that is in it.

    Args:
        oid: its id, "group/Kind/namespace/name".
        confirm: its name, typed out.

    Raises:
        Invalid: `not_confirmed`; `not_held`, where the Work does not keep it.
        NotFound: `work_not_found`, where the loop has just removed the Work.
    """
    require(actor, "own", work)
    try:
        named = ObjectId.parse(oid)
    except ValueError:
        raise Invalid("not_held", f"'{oid[:300]}' names no object.", rule="It is group/Kind/namespace/name.") from None
    if confirm != named.name:
        raise Invalid(
            "not_confirmed",
            f"'{confirm}' is not the name '{named.name}'." if confirm else f"The name '{named.name}' is needed.",
            rule="What cannot be undone is confirmed by typing the name.",
        )
    with transaction.atomic():
        release_held(work=work, ids=[named], actor=actor, reason=reason)
