"""What differs between two releases, made ready for templates: facts, objects on clusters, the app file by lines."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.changes import ADDED, CHANGED, REMOVED, ObjectChange
from apps.models import Environment, Release
from apps.selectors.differences import blocks, config_differences, object_differences, routes
from clusters.admin.badges import BAD, GOOD, INFO, Badge

CONTEXT_LINES = 3
LONGEST = 160

_BADGES = {
    ADDED: Badge(gettext_noop("Added"), GOOD, "add"),
    CHANGED: Badge(gettext_noop("Changed"), INFO, "edit"),
    REMOVED: Badge(gettext_noop("Removed"), BAD, "remove"),
}


def between(one: Release, other: Release, environment: Environment) -> dict[str, Any]:
    """What applications/difference.html needs: {"facts", "objects", "lines"}."""
    found = object_differences(one, other, environment)
    return {
        "facts": facts(one, other),
        "objects": [{"name": each.cluster, "fault": each.fault, "rows": objects(each.objects)} for each in found],
        "lines": list(lines(one, other)),
    }


def facts(one: Release, other: Release, successors: Mapping[str, int] | None = None) -> list[tuple[str, str, str]]:
    """(what, before, after) of image, configuration, routes, blocks and secret versions that differ; of `other` with
    these successors in the place of revoked versions.
    """
    after = {**other.secrets, **(successors or {})}
    found = [(_("Image"), one.image, other.image)]
    found += [
        (
            _("Key %(key)s on %(clusters)s") % {"key": each.key, "clusters": ", ".join(each.clusters)},
            _("not set") if each.before is None else each.before,
            _("not set") if each.after is None else each.after,
        )
        for each in config_differences(one, other)
    ]
    found += [
        (_("Secret %(name)s") % {"name": name}, _version(one.secrets, name), _version(after, name))
        for name in sorted({*one.secrets, *after})
    ]
    found.append((_("Routes"), ", ".join(routes(one)), ", ".join(routes(other))))
    found.append((_("Building blocks"), ", ".join(blocks(one)), ", ".join(blocks(other))))
    return [each for each in found if each[1] != each[2]]


def objects(found: Iterable[ObjectChange]) -> list[dict[str, Any]]:
    """Objects with their fields: {"badge", "id", "fields": [(path, before, after)]}."""
    return [
        {
            "badge": _BADGES[each.change].html(),
            "id": f"{each.id.kind}/{each.id.name}",
            "fields": [(path, _text(before), _text(after)) for path, before, after in each.fields],
        }
        for each in found
    ]


def lines(one: Release, other: Release) -> Iterator[dict[str, str]]:
    """Lines of the app files: {"sign": "+", "-", " " or "@", "text"}; none where they are alike."""
    found = difflib.unified_diff(_lines(one), _lines(other), n=CONTEXT_LINES, lineterm="")
    for number, line in enumerate(found):
        if number > 1:  # the first two name the files
            yield {"sign": "@", "text": ""} if line.startswith("@") else {"sign": line[:1], "text": line[1:]}


def _lines(release: Release) -> list[str]:
    text: str = yaml.safe_dump(release.app_file, sort_keys=False, allow_unicode=True, width=100)
    return text.splitlines()


def _version(secrets: Mapping[str, int], name: str) -> str:
    return f"v{secrets[name]}" if name in secrets else _("none")


def _text(value: Any) -> str:
    text = "–" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
