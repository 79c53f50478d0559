"""How placements and scalers are shown: replicas of each process by cluster, with a bar; one function a table. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Group, RenderableType

from paas.cli.output import facts, table

Body = dict[str, Any]
WIDEST = 20


def placed(seen: Body) -> RenderableType:
    """Where an environment is, by which rule, and how it is spread."""
    clusters = ", ".join(_cluster(each, divided=seen["divided"]) for each in seen["clusters"]) or "on none"
    rows = [
        ("Placed by", rule(seen["placement"])),
        ("Replicas", "divided" if seen["divided"] else "all of them on each cluster"),
        ("On", clusters),
        ("Would be added", ", ".join(seen["joining"])),
        ("Would be left", ", ".join(seen["leaving"])),
    ]
    return Group(facts(rows), "", table(["PROCESS", "CLUSTER", "REPLICAS", ""], _parts(seen["spread"])))


def preview(dry_run: Body) -> RenderableType:
    """How many replicas of each process a dry run would come to where."""
    rows = [
        [environment["name"], spread["process"], part["cluster"], bounds(part["before"]), bounds(part["after"]), bar]
        for environment in dry_run["environments"]
        for spread in environment["spread"]
        for part, bar in zip(spread["parts"], bars(each["after"] for each in spread["parts"]), strict=True)
    ]
    return table(["ENVIRONMENT", "PROCESS", "CLUSTER", "NOW", "THEN", ""], rows)


def preview_names(dry_run: Body) -> list[str]:
    """Each part as "environment/process/cluster=replicas"."""
    return [
        f"{environment['name']}/{spread['process']}/{part['cluster']}={bounds(part['after'])}"
        for environment in dry_run["environments"]
        for spread in environment["spread"]
        for part in spread["parts"]
    ]


def scaled(seen: Body) -> RenderableType:
    """Each scaler, its windows, what it decided last, and what a vertical one advises."""
    if not seen["horizontal"] and not seen["vertical"]:
        return facts([("Scaled", "nothing: no process has an autoscale or vertical_autoscale block")])
    shown: list[RenderableType] = []
    for each in seen["horizontal"]:
        shown += [facts(_horizontal(each)), ""]
    if seen["vertical"]:
        columns = ["PROCESS", "CLUSTER", "MODE", "RESOURCE", "ASKED FOR", "ADVISED", "FROM", "TO"]
        shown.append(table(columns, (row for each in seen["vertical"] for row in _vertical(each))))
    return Group(*shown)


def rule(placement: Body) -> str:
    """A placement in a line."""
    weights = ", ".join(f"{name}={weight}" for name, weight in sorted((placement.get("weights") or {}).items()))
    selector = ",".join(f"{key}={value}" for key, value in sorted((placement.get("selector") or {}).items()))
    how = f"selector {selector}" if selector else f"clusters {', '.join(placement.get('clusters') or ())}"
    return f"{how}; weights {weights}" if weights else how


def bounds(count: Body | None) -> str:
    """ "3", or "2 to 10" where it is scaled; "-" where there is nothing."""
    if count is None:
        return "-"
    return str(count["min"]) if count["min"] == count["max"] else f"{count['min']} to {count['max']}"


def bars(counts: Iterable[Body | None]) -> list[str]:
    """A bar for each count, the longest for the greatest; what may be scaled away or to is light."""
    found = [(each["min"], each["max"]) if each else (0, 0) for each in counts]
    most = max((most for _, most in found), default=0) or 1
    lengths = [(round(WIDEST * least / most), round(WIDEST * greatest / most)) for least, greatest in found]
    return ["█" * least + "░" * (greatest - least) for least, greatest in lengths]


def _cluster(cluster: Body, *, divided: bool) -> str:
    said = [f"weight {cluster['weight']}"] if divided else []
    said += [word for word in ("cordoned", "suspended", "leaving") if cluster[word]]
    return f"{cluster['name']} ({', '.join(said)})" if said else str(cluster["name"])


def _parts(spread: Iterable[Body]) -> Iterator[list[str]]:
    for each in spread:
        for part, bar in zip(each["parts"], bars(each["parts"]), strict=True):
            yield [each["process"], part["cluster"], bounds(part), bar]


def _horizontal(each: Body) -> list[tuple[str, str]]:
    now = "not seen yet" if each["current"] is None else f"{each['current']}, wants {each['desired']}"
    rows = [
        (f"{each['process']} on {each['cluster']}", f"{each['health']} {each['message']}".strip()),
        ("  Replicas", f"{now}; {bounds(each)}"),
        ("  Aims at", ", ".join(_metric(metric) for metric in each["metrics"])),
    ]
    for window in each["windows"]:
        state = "open" if window["open"] else "closed"
        when = f"from {window['start']} to {window['end']} in {window['time_zone']}"
        rows.append((f"  Window {window['name']}", f"{state}: {bounds(window)} {when}"))
    if change := each["next_change"]:
        rows.append(("  Next change", f"{change['at']}: {bounds(change)}"))
    rows += [(f"  {said['type']}", f"{said['reason']}: {said['message']}") for said in each["conditions"]]
    rows += [("  Decided", f"{decision['at']}: {decision['message']}") for decision in each["decisions"]]
    return [*rows, ("  Seen", str(each["seen_at"] or ""))]


def _metric(metric: Body) -> str:
    current = "not known" if metric["current"] is None else f"{metric['current']} %"
    return f"{metric['name']} {metric['target']} % (now {current})"


def _vertical(each: Body) -> Iterator[list[str]]:
    for name in each["resources"]:
        amounts = (each[key].get(name, "-") for key in ("requested", "advised", "least", "most"))
        yield [each["process"], each["cluster"], each["mode"], name, *amounts]
