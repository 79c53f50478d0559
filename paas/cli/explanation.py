"""Why a person may do something, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_REASONS: Mapping[str, str] = {
    "deactivated": "The account is kept out: it may nothing.",
    "unseen": "No role reaches this object: it is not there for them, and answers with 404.",
    "no_role": "They may view it; no role of theirs has this permission.",
}


def explained(found: Mapping[str, Any]) -> list[str]:
    """Yes or no, then each way from person to object, or why not and who can change it."""
    said = f"{found['person']} may {'' if found['allowed'] else 'not '}{found['action']} {found['object']}"
    lines = [said, *(f"  {_way(found, way)}" for way in found["ways"])]
    if not found["allowed"]:
        lines.append(f"  {_REASONS.get(found['reason'], found['reason'])}")
        lines.append(f"  Roles that have it: {', '.join(found['roles'])}.")
        if found["grantors"]:
            lines.append(f"  Who can give one: {', '.join(found['grantors'])}.")
    if found["token"]:
        lines.append(f"  Your API token holds you back: it is for '{found['token']}' alone.")
    return lines


def _way(found: Mapping[str, Any], way: Mapping[str, str]) -> str:
    steps = [found["person"], way["group"] and f"group {way['group']}", f"role {way['role']}", way["on"]]
    return " → ".join([*filter(None, steps), *([found["object"]] if way["on"] != found["object"] else [])])
