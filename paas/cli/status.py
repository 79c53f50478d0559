"""What the status of an application looks like: a tree that moves, lines that change, and whether it is settled. Pure.

A status: {"application", "environments": [{"name", "release", "conditions", "health", "clusters": [{"name",
"conditions", "works": [{"name", "generation", "observed_generation", "health", "conditions", "objects": [{"id",
"health", "reason", "message"}]}]}]}]}.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.text import Text
from rich.tree import Tree

from paas.cli.output import COLOURS

Part = dict[str, Any]
SETTLED = frozenset({"Healthy", "Suspended"})
# What does well needs no line of its own in the tree.
QUIET = frozenset({"Healthy"})


def settled(status: Part, environment: str | None = None) -> bool:
    """Whether all that was declared is delivered and healthy, in one environment or in each."""
    chosen = _environments(status, environment)
    return bool(chosen) and all(_environment_settled(each) for each in chosen)


def _environment_settled(environment: Part) -> bool:
    works = [work for cluster in environment.get("clusters") or () for work in cluster.get("works") or ()]
    return (
        bool(works) and _ready(environment, "Healthy") and all(_ready(work, "") and _observed(work) for work in works)
    )


def _ready(part: Part, otherwise: str) -> bool:
    """Whether its delivery is over. What does badly may be Ready all the same: where a schedule's last run failed.

    `otherwise` is the health of a part that tells none.
    """
    said = {each["type"]: each["status"] for each in part.get("conditions") or ()}
    return part.get("health", otherwise) in SETTLED or said.get("Ready") == "True"


def tree(status: Part, environment: str | None = None) -> Tree:
    """Environments, their clusters, and there whatever is not simply well."""
    root = Tree(Text(_application_name(status), style="bold"), guide_style="dim")
    for each in _environments(status, environment):
        branch = root.add(_line(each["name"], each.get("health", ""), _release(each)))
        _add_conditions(branch, each.get("conditions") or ())
        for cluster in each.get("clusters") or ():
            _add_cluster(branch, cluster)
    return root


def _add_cluster(branch: Tree, cluster: Part) -> None:
    works: Sequence[Part] = cluster.get("works") or ()
    here = branch.add(_line(cluster["name"], cluster.get("health") or _worst(works), ""))
    _add_conditions(here, cluster.get("conditions") or ())
    for work in works:
        progress = "" if _observed(work) else f"generation {work.get('observed_generation')}/{work.get('generation')}"
        below = here.add(_line(work["name"], work.get("health", ""), progress))
        _add_conditions(below, work.get("conditions") or ())
        for each in work.get("objects") or ():
            if each.get("health") not in QUIET:
                below.add(_line(_object(each), each.get("health", ""), _why(each)))


def _add_conditions(branch: Tree, conditions: Sequence[Part]) -> None:
    for each in conditions:
        if noteworthy(each):
            branch.add(Text.assemble((f"{each['type']}={each['status']}", "yellow"), f" {_why(each)}"))


def noteworthy(condition: Part) -> bool:
    """Whether a condition tells of something other than that all is well."""
    return not condition.get("good", False)


def lines(status: Part, environment: str | None = None) -> dict[str, str]:
    """What each part is, by its path: two of these differ in what has changed."""
    return dict(_lines(status, environment))


def _lines(status: Part, environment: str | None) -> Iterator[tuple[str, str]]:
    for each in _environments(status, environment):
        yield each["name"], f"{each.get('health', 'Unknown')} {_release(each)}".strip()
        for cluster in each.get("clusters") or ():
            for found in filter(noteworthy, cluster.get("conditions") or ()):
                yield f"{each['name']}/{cluster['name']} {found['type']}", f"{found['status']} {_why(found)}".strip()
            for work in cluster.get("works") or ():
                path = f"{each['name']}/{cluster['name']}/{work['name']}"
                progress = "" if _observed(work) else f"{work.get('observed_generation')}/{work.get('generation')}"
                yield path, f"{work.get('health', 'Unknown')} {progress}".strip()
                for found in filter(noteworthy, work.get("conditions") or ()):
                    yield f"{path} {found['type']}", f"{found['status']} {_why(found)}".strip()
                for item in work.get("objects") or ():
                    yield f"{path} {_object(item)}", f"{item.get('health', 'Unknown')} {_why(item)}".strip()


def _environments(status: Part, name: str | None) -> list[Part]:
    return [each for each in status.get("environments") or () if name in {None, each["name"]}]


def _application_name(status: Part) -> str:
    application = status.get("application") or ""
    return str(application.get("name", "")) if isinstance(application, dict) else str(application)


def _observed(work: Part) -> bool:
    return bool(work.get("observed_generation") == work.get("generation"))


def _release(environment: Part) -> str:
    release = environment.get("release")
    if isinstance(release, dict):
        release = release.get("number") or release.get("name") or release.get("id")
    return f"release {release}" if release else ""


def _object(entry: Part) -> str:
    """An object's id as people say it: "Deployment/web", whether it comes as text, list or mapping."""
    found = entry.get("id")
    if isinstance(found, dict):
        return f"{found.get('kind')}/{found.get('name')}"
    return "/".join(str(part) for part in found if part) if isinstance(found, list) else str(found)


def _why(entry: Part) -> str:
    return " ".join(str(entry[key]) for key in ("reason", "message") if entry.get(key))


def _worst(works: Sequence[Part]) -> str:
    order = ("Degraded", "Missing", "Unknown", "Progressing", "Suspended", "Healthy")
    there = {work.get("health") for work in works}
    return next((health for health in order if health in there), "")


def _line(name: str, health: str, more: str) -> Text:
    text = Text.assemble((name, ""), " ", (health, COLOURS.get(health, "")))
    return text.append(f" {more}", "dim") if more else text
