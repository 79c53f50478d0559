"""Labels of a cluster as they are typed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from paas.cli.errors import UsageError


def pairs(given: Iterable[str]) -> dict[str, str]:
    """Of `KEY=VALUE` each. UsageError where one is not."""
    labels = dict[str, str]()
    for each in given:
        key, separator, value = each.partition("=")
        if not key or not separator:
            raise UsageError(f"{each!r} is not KEY=VALUE.")
        labels[key] = value
    return labels


def changed(now: Mapping[str, str], words: Iterable[str]) -> dict[str, str]:
    """All labels after `words`: `KEY=VALUE` sets one, `KEY-` takes one away.

    Raises:
        UsageError: a word is neither, or the label to take away is not there.
    """
    words = list(words)
    taken = [each.removesuffix("-") for each in words if each.endswith("-") and "=" not in each]
    if missing := [key for key in taken if key not in now]:
        known = ", ".join(sorted(now)) or "none"
        raise UsageError(f"It has no label {', '.join(missing)}.", remedy=f"Its labels: {known}.")
    kept = {key: value for key, value in now.items() if key not in taken}
    return kept | pairs(each for each in words if "=" in each or not each.endswith("-"))
