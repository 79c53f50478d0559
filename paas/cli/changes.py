"""What a dry run, or the difference of two releases, looks like: objects added, changed and removed, on each cluster.
Pure.

A dry run: {"changed", "notes", "environments": [{"name", "created", "release": {"before", "after"}, "image": {…},
"clusters": [{"name", "placed", "unchanged", "objects": [{"id", "change", "fields": [{"path", "before", "after"}],
"object"}]}]}]}.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.text import Text

Part = dict[str, Any]
SIGNS = {"added": ("+", "green"), "changed": ("~", "yellow"), "removed": ("-", "red")}
PLACED = {"added": " (placed there)", "removed": " (taken from there)", "kept": ""}


def shown(dry_run: Part) -> Text:
    """For people, one line each; colours are dropped where nobody looks."""
    lines = list(_lines(dry_run))
    return Text("\n").join(lines)


def names(dry_run: Part) -> list[str]:
    """Every object that differs, as "environment/cluster/Kind/name"."""
    return [
        f"{environment['name']}/{cluster['name']}/{each['id']}"
        for environment in dry_run.get("environments") or ()
        for cluster in environment.get("clusters") or ()
        for each in cluster.get("objects") or ()
    ]


def between(found: Part) -> Text:
    """In what two releases differ, for people: {"before", "after", "changed", "image", "config", "secrets",
    "clusters": [{"name", "fault", "objects"}]}.
    """
    return Text("\n").join(_differing(found))


def names_between(found: Part) -> list[str]:
    """Every object that differs, as "environment/cluster/Kind/name"."""
    return names({"environments": [{"name": found["after"]["environment"], "clusters": found["clusters"]}]})


def _differing(found: Part) -> Iterator[Text]:
    before, after = found["before"], found["after"]
    yield _head(
        {"name": after["environment"], "release": {"before": before["number"], "after": after["number"]}}
        | {"image": found["image"]}
    )
    for each in found["config"]:
        yield _from_to(f"  {each['key']} on {', '.join(each['clusters'])}", each)
    for each in found["secrets"]:
        yield _from_to(f"  secret {each['name']}, version", each)
    for cluster in found["clusters"]:
        yield Text.assemble("  ", (str(cluster["name"]), "bold"), (f" {cluster['fault']}".rstrip(), "yellow"))
        for each in cluster["objects"]:
            yield from _object(each)
    if not found["changed"]:
        yield Text("They do not differ.")


def _from_to(what: str, each: Part) -> Text:
    return Text.assemble(f"{what}: ", (_value(each["before"]), "red"), " → ", (_value(each["after"]), "green"))


def _lines(dry_run: Part) -> Iterator[Text]:
    counted: Counter[str] = Counter()
    for environment in dry_run.get("environments") or ():
        yield _head(environment)
        for cluster in environment.get("clusters") or ():
            objects = cluster.get("objects") or ()
            counted.update(each["change"] for each in objects)
            placed = PLACED.get(cluster.get("placed", ""), "")
            same = f" {cluster['unchanged']} objects stay as they are" if cluster.get("unchanged") else ""
            yield Text.assemble("  ", (str(cluster["name"]), "bold"), placed, (same, "dim"))
            for each in objects:
                yield from _object(each)
    if not dry_run.get("changed"):
        yield Text("Nothing would change.")
        return
    told = ", ".join(f"{counted[change]} {change}" for change in SIGNS)
    yield Text(f"{told}.")


def _head(environment: Part) -> Text:
    text = Text(str(environment["name"]), style="bold")
    if environment.get("created"):
        text.append(" (new)", "green")
    release = environment.get("release") or {}
    if release.get("before") != release.get("after"):
        text.append(f" release {_or_none(release.get('before'))} → {_or_none(release.get('after'))}", "not bold")
    image = environment.get("image") or {}
    if image.get("before") and image.get("before") != image.get("after"):
        text.append(f"\n  image: {image['before']} → {image['after']}", "not bold")
    return text


def _object(each: Part) -> Iterator[Text]:
    sign, colour = SIGNS[each["change"]]
    yield Text(f"    {sign} {each['id']}", style=colour)
    for field in each.get("fields") or ():
        yield _from_to(f"        {field['path']}", field)
    data = (each.get("object") or {}).get("data") or {}
    for key, value in sorted(data.items()):
        yield Text(f"      {sign} {key}: {_value(value)}", style=colour)


def _or_none(number: Any) -> str:
    return "none" if number is None else str(number)


def _value(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
