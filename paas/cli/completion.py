"""What the shell offers for a name half typed: asked of the control plane, quickly, silent where it does not answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paas.cli.client import Client, project_name
from paas.cli.errors import CliError
from paas.cli.session import Session

# A shell that waits for a name is worse than one that offers none.
SECONDS = 2.0


def applications(incomplete: str) -> list[str]:
    """NAME where it is one of its kind, and PROJECT/NAME."""
    return _offered(_applications, incomplete)


def environments(incomplete: str) -> list[str]:
    """Names of environments, of whatever application."""
    return _offered(
        lambda client: sorted({each["name"] for one in client.applications({}) for each in one["environments"]}),
        incomplete,
    )


def clusters(incomplete: str) -> list[str]:
    """Names of clusters."""
    return _offered(lambda client: sorted(each["name"] for each in client.clusters()), incomplete)


def _applications(client: Client) -> list[str]:
    found: list[dict[str, Any]] = client.applications({})
    names = [str(each["name"]) for each in found]
    return sorted({name for name in names if names.count(name) == 1}) + sorted(
        f"{project_name(each)}/{each['name']}" for each in found
    )


def _offered(ask: Callable[[Client], list[str]], incomplete: str) -> list[str]:
    try:
        client = Session(seconds=SECONDS).client
        return [each for each in ask(client) if each.startswith(incomplete)]
    except (CliError, KeyError, TypeError):
        return []
