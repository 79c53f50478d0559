"""Which fields somebody sets back each time the loop sets them, so that it stops answering and says so.

Three who change a field of ours, and how they are told apart:

    admission    The answer to our own apply has the field otherwise. Nobody came between, so to send it again is no
                 use: given up at once, after one write.
    a controller Somebody gives it the same other value again within UNDONE_SECONDS of each of our writes. Given up when
                 that was seen FLIPS times in a row, each time by the same field manager.
    a person     Changes it now and then, or in a hurry with kubectl. That is drift, and is repaired each time.

A script that answers each of our writes within seconds is a controller, unless it names itself as kubectl does: seen
from the cluster the two are the same. What is given up stays so, under the condition FieldFought, until a new
generation is desired or somebody gives the field a third value. Of such a field we say what lives there, so that we
notice when it changes.

What is kept in the row, {} where nothing is fought over:
{"generation": 7, "at": when we wrote last, "fields": {path: {"by": manager, "flips": 1, "value": digest}}}.
Secrets are left out: ours are immutable, and nothing is kept that could tell of a value. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from clusters.fields import owners_of, unmet_fields, with_live
from clusters.manifests import FIELD_MANAGER, digest

Fights = Mapping[str, Any]

UNDONE_SECONDS = 3.0
FLIPS = 3
ADMISSION = ""
NOBODY_NAMED = "somebody who left no name"
HANDS = "kubectl"


def seen(fights: Fights, body: Mapping[str, Any], live: Mapping[str, Any], generation: int, now: datetime) -> Fights:
    """The fights before `body` is sent once more, since `live` has changed under us."""
    if fights.get("generation") != generation:
        fights = {}
    before = fights.get("fields", {})
    quick = bool(fights) and now - datetime.fromisoformat(fights["at"]) <= timedelta(seconds=UNDONE_SECONDS)
    found = {}
    for path, value in unmet_fields(body, live).items():
        known, owners = before.get(path, {}), owners_of(live, path)
        same = known.get("value") == digest(value)
        if same and _lost(known):
            found[path] = known
        elif FIELD_MANAGER not in owners:
            by = owners[0] if owners else NOBODY_NAMED
            if not by.startswith(HANDS):
                flips = known["flips"] if quick and same and known["by"] == by else 0
                found[path] = {"by": by, "flips": flips + 1, "value": digest(value)}
    return _fights(generation, now, found)


def conceded(fights: Fights, body: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """`body` with what lives in place of the fields that are given up."""
    lost = {path for path, each in fights.get("fields", {}).items() if _lost(each)}
    found: dict[str, Any] = with_live(body, live, lost)
    return found


def answered(
    fights: Fights, body: Mapping[str, Any], answer: Mapping[str, Any], generation: int, now: datetime
) -> Fights:
    """The fights after `body` was sent and `answer` came: what differs at once is not for us to decide."""
    rewritten = {
        path: {"by": ADMISSION, "flips": FLIPS, "value": digest(value)}
        for path, value in unmet_fields(body, answer).items()
    }
    return _fights(generation, now, {**fights.get("fields", {}), **rewritten})


def outdated(fights: Fights, generation: int) -> bool:
    """Whether something was given up for another generation, and so is to be tried again."""
    return bool(fights) and fights["generation"] != generation and any(map(_lost, fights["fields"].values()))


def given_up(fights: Fights) -> Iterator[tuple[str, str, str]]:
    """(path, manager, what a person shall read) of each field that is given up; the manager of admission is ""."""
    for path, each in fights.get("fields", {}).items():
        if _lost(each):
            if each["by"] == ADMISSION:
                said = "is written otherwise by the cluster's admission, most likely a webhook"
            else:
                said = f"is set back by {each['by']} each time we set it"
            yield path, each["by"], f"{path} {said}; it is left so until the declaration changes."


def _lost(fight: Mapping[str, Any]) -> bool:
    return bool(fight) and fight["flips"] >= FLIPS


def _fights(generation: int, now: datetime, fields: Mapping[str, Any]) -> Fights:
    return {"generation": generation, "at": now.isoformat(), "fields": dict(fields)} if fields else {}
