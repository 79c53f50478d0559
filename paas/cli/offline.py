"""What needs no server: reading an app file, rendering it, its schema. On the pure parts of `apps`."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import yaml

from apps import appfile, ground
from apps.contribution import RenderError
from apps.division import DIVIDED
from apps.document import read
from apps.naming import LABEL_LIMIT, shorten
from apps.problems import Problem, ProblemsError
from apps.render import render as rendered
from apps.scaling import VERTICAL
from apps.spec import AppSpec, SecretVersion
from clusters.kinds import WELL_KNOWN
from clusters.target import ClusterTarget
from paas.cli.errors import UsageError

Body = dict[str, Any]

# What a cluster is taken to be unless its facts are given.
VERSION = "v1.34.4"
GATEWAY = {"namespace": "gateway", "name": "gateway"}
UNKNOWN = "offline"


def document(text: str) -> Body:
    """The JSON object of an app file; whether it is a good one, the server says.

    Raises:
        UsageError: it is no YAML of the kind an app file is.
    """

    try:
        found = read(text)
    except ProblemsError as error:
        raise _wrong(error.problems) from None
    if not isinstance(found, dict):
        raise UsageError("The app file is no mapping.", code="app_file_invalid")
    return found


def render(
    text: str, *, environment: str | None, facts: str | None, namespace: str | None
) -> tuple[list[Body], list[str]]:
    """The objects of one environment in apply order, ground first, and notes on what the cluster cannot do.

    Without the facts of a cluster it is one that offers whatever the file asks for, and the notes say what that is.

    Raises:
        UsageError: the file or the facts are wrong, or the environment is not clear.
    """

    target = _target(facts)
    taken: list[str] = []
    try:
        file = appfile.parse(text)
        chosen = _environment(file, environment)
        where = namespace or shorten(f"{file.project}-{file.name}-{chosen}", LABEL_LIMIT)
        spec = appfile.spec_for(file, chosen, team=UNKNOWN, namespace=where, release=UNKNOWN)
        spec = replace(spec, secrets=_stand_ins(spec))
        if facts is None:
            target, taken = _obliging(target, spec)
        owners = ground.Owners(UNKNOWN, file.project, file.name, chosen, UNKNOWN)
        made = rendered(spec, target)
        manifests = [*ground.ground(where, owners, target), *made.manifests]
    except ProblemsError as error:
        raise _wrong(error.problems) from None
    except RenderError as error:
        raise UsageError(
            error.message, code=error.code, errors=[{"path": error.path, "message": error.message}]
        ) from None
    if file.environments[chosen].replicas == DIVIDED:
        taken = [*taken, "Replicas are those of all clusters together: divided, each cluster has its part of them."]
    return [each.body for each in manifests], [*made.notes, *taken]


def schema() -> Body:
    """The JSON Schema of the app file."""

    return appfile.schema()


def as_yaml(bodies: list[Body]) -> str:
    """Documents that kubectl takes."""
    return str(yaml.safe_dump_all(bodies, sort_keys=False, allow_unicode=True, explicit_start=True))


def _environment(file: appfile.AppFile, name: str | None) -> str:
    if name is None and len(file.environments) == 1:
        return str(next(iter(file.environments)))
    if name is None:
        raise UsageError(f"Which environment? The file has {', '.join(file.environments)}.", remedy="Name it with -e.")
    return name


def _stand_ins(spec: AppSpec) -> dict[str, SecretVersion]:
    """A version for each secret the blocks name, with the keys they name."""

    keys: dict[str, set[str]] = {}
    for use in spec.blocks:
        if use.block in ("secret", "pull_secret"):
            named = use.params.get("keys") or filter(None, [use.params.get("key")])
            keys.setdefault(str(use.params["name"]), set()).update(map(str, named))
    return {name: SecretVersion(UNKNOWN, dict.fromkeys(sorted(found), UNKNOWN)) for name, found in keys.items()}


def _obliging(target: ClusterTarget, spec: AppSpec) -> tuple[ClusterTarget, list[str]]:
    """A cluster that offers what the blocks ask for, and what was taken for granted so."""

    def asked(block: str, parameter: str) -> list[Any]:
        return [use.params[parameter] for use in spec.blocks if use.block == block]

    tiers = sorted({str(each) for each in asked("volume", "tier")})
    classes = sorted({str(each) for each in asked("priority", "priority_class")})
    pools = sorted({str(each) for each in asked("node_pool", "pool")})
    pairs = {(key, value) for each in asked("service_account", "annotations") for key, value in each.items()}
    kinds = ["/".join(VERTICAL)] if asked("vertical_autoscale", "process") else []
    offered = {
        "kind": kinds,
        "storage tier": [f"{tier} (its StorageClass is called {tier} here)" for tier in tiers],
        "priority class": classes,
        "node pool": pools,
        "annotation": sorted({key for key, _ in pairs}),
    }
    made = replace(
        target,
        served=target.served | set(kinds),
        storage=tuple((tier, tier) for tier in tiers),
        priority_classes=tuple(classes),
        node_pools=tuple(pools),
        # Brackets around what a glob would take for more than itself.
        service_account_annotations=tuple((key, glob.escape(value)) for key, value in pairs),
    )
    return made, [f"Taken to be offered: {what} {', '.join(names)}." for what, names in offered.items() if names]


def _target(facts: str | None) -> ClusterTarget:
    """A cluster's facts as given, with those of a plain cluster where they are silent."""

    usual: Body = {
        "name": UNKNOWN,
        "version": VERSION,
        "served": [f"{api_version}/{kind}" for api_version, kind in WELL_KNOWN],
        "gateway": GATEWAY,
        "storage": {},
    }
    try:
        given = yaml.safe_load(facts) if facts else {}
        return ClusterTarget.from_json(usual | given)
    except (yaml.YAMLError, TypeError, KeyError, AttributeError, ValueError) as error:
        raise UsageError(f"The cluster's facts are wrong: {error}", code="facts_invalid") from None


def _wrong(problems: Iterable[Problem]) -> UsageError:
    errors = [{"path": each.path, "expected": each.expected, "got": each.got} for each in problems]
    return UsageError("The app file is wrong.", code="app_file_invalid", errors=errors)
