"""What an operator offers of a cluster to all teams, made into strict values: classes and pools by name, annotations
and secret stores by key and glob.

Before the transaction of `registry`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from paas.core.errors import Invalid

MOST = 100
LONGEST_GLOB = 1000

# As the building blocks take them.
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_STORE = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def names(given: Collection[str], what: str) -> list[str]:
    """Names, sorted, each once. Raises Invalid `offer_invalid`."""
    _check_count(given, what)
    for name in given:
        if not _NAME.fullmatch(name):
            raise _invalid(f"'{name[:80]}' cannot be offered as a {what}.", "Lower-case letters, digits and '-'.")
    return sorted(set(given))


def globs(given: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """Globs by key, sorted. Raises Invalid `offer_invalid`."""
    for key in given:
        if not _KEY.fullmatch(key):
            raise _invalid(f"'{key[:80]}' is no key of an annotation.", "As in Kubernetes: example.org/name.")
    return _checked(given, "annotation")


def stores(given: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """Globs by the name of a ClusterSecretStore, sorted. Raises Invalid `offer_invalid`."""
    for name in given:
        if not _STORE.fullmatch(name):
            raise _invalid(f"'{name[:80]}' is no name of a secret store.", "As in Kubernetes: lower case, '-' and '.'.")
    return _checked(given, "secret store")


def _checked(given: Mapping[str, Collection[str]], what: str) -> dict[str, list[str]]:
    _check_count(given, what)
    for key, found in given.items():
        _check_count(found, f"value of {key}")
        if not found or not all(0 < len(glob) <= LONGEST_GLOB for glob in found):
            raise _invalid(
                f"{key} is offered with no value, or with one that is empty or too long.",
                f"Globs of at most {LONGEST_GLOB} characters; * is any value.",
            )
    return {key: sorted(set(found)) for key, found in sorted(given.items())}


def _check_count(given: Collection[str], what: str) -> None:
    if len(given) > MOST:
        raise _invalid(f"{len(given)} times a {what} is too much.", f"At most {MOST} of a kind are offered.")


def _invalid(message: str, rule: str) -> Invalid:
    return Invalid("offer_invalid", message, rule=rule)
