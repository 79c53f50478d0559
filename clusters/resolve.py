"""From a reference in a manifest to the secret bytes, just before sending; never stored, never logged.

Domains above register a resolver per scheme; the loop calls `resolve` and knows nothing of what lies behind.
"""

from __future__ import annotations

from collections.abc import Callable

Resolver = Callable[[str], bytes]

_resolvers: dict[str, Resolver] = {}


class SecretUnavailable(Exception):  # noqa: N818 - the name of the condition
    """The reference cannot be turned into a value: revoked, unknown, or its store does not answer. Holds no value."""


def register(scheme: str, resolver: Resolver) -> None:
    """Let references "scheme:rest" be resolved by `resolver(rest)`. ValueError where the scheme is taken by another."""
    if _resolvers.setdefault(scheme, resolver) is not resolver:
        raise ValueError(f"scheme {scheme!r} has a resolver already")


def resolve(reference: str) -> bytes:
    """The value of a reference. Raises SecretUnavailable."""
    scheme, _, rest = reference.partition(":")
    resolver = _resolvers.get(scheme)
    if resolver is None:
        raise SecretUnavailable(f"no resolver for references of scheme {scheme!r}")
    return resolver(rest)
