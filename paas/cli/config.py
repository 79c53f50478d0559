"""How configuration is shown: one function a table or row. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Group, RenderableType

from paas.cli.output import facts, table

Body = dict[str, Any]


def changed(changed: Body) -> RenderableType:
    """What a change came to, or would."""
    proposal = changed.get("proposal")
    rows = [("Keys", ", ".join(changed["keys"]) or "nothing is different")]
    if proposal:
        rows += [("Proposed", str(proposal["id"])), ("Next", "another person: dougong config accept ID")]
    else:
        rows += [("Version", str(changed["version"]))]
    if not changed["releases"]:
        return Group(facts([*rows, ("Releases", "none")]))
    return Group(facts(rows), "", releases(changed))


def releases(changed: Body) -> RenderableType:
    """The releases of a change: what becomes of which variable where."""
    rows = [
        [
            environment(each),
            str(each["release"]),
            one["cluster"],
            one["key"],
            _text(one["before"]),
            _text(one["after"]),
        ]
        for each in changed["releases"]
        for one in each["differences"]
    ]
    return table(["ENVIRONMENT", "RELEASE", "CLUSTER", "KEY", "BEFORE", "AFTER"], rows)


def environment(release: Body) -> str:
    """PROJECT/APPLICATION/NAME."""
    return f"{release['project']}/{release['application']}/{release['environment']}"


def explained(seen: list[Body]) -> RenderableType:
    """Every value on every cluster, and what is wrong."""
    rows = [
        [
            _text(each["cluster"]),
            about["key"],
            _text(about["value"]),
            place(about["source"]),
            ", ".join(f"{place(hidden)}={hidden['written']}" for hidden in about["hides"]),
            _remarks(about),
        ]
        for each in seen
        for about in each["keys"]
    ]
    made = table(["CLUSTER", "KEY", "VALUE", "FROM", "HIDES", "REMARKS"], rows)
    faults = [[_text(each["cluster"]), fault["key"], fault["message"]] for each in seen for fault in each["faults"]]
    return Group(made, "", table(["CLUSTER", "KEY", "WRONG"], faults)) if faults else made


def _remarks(about: Body) -> str:
    """What is to be known beside the value."""
    found = []
    source = about["source"]
    if source and source["written"] != about["value"]:
        found.append(f"written {source['written']}")
    if about["released"] != about["value"]:
        found.append(f"released is {_text(about['released'])}: waits for the next deploy")
    found += [f"{each['block']} sets it for {each['process']}, and wins" for each in about["set_by_blocks"]]
    found += [f"{place(each)} declares it {_declared(each)}" for each in about["declared"]]
    return "; ".join(found)


def key_row(each: Body) -> list[str]:
    """A key of a layer."""
    declared = _declared(each["declaration"]) if each["declaration"] else ""
    return [each["key"], _text(each["value"]), declared, _who(each), each["changed_at"], each["reason"]]


def change_row(each: Body) -> list[str]:
    """A change of a key."""
    return [str(each["version"]), each["key"], *_before_and_after(each), _who(each), each["changed_at"], each["reason"]]


def proposal_row(each: Body) -> list[str]:
    """A proposal."""
    changes = "; ".join(f"{key}: {' → '.join(_before_and_after(change))}" for key, change in each["changes"].items())
    return [each["id"], place(each), changes, each["proposed_by"], each["created_at"], each["reason"], each["state"]]


def compared_row(each: Body) -> list[str]:
    """A key in two environments."""
    return [each["key"], _side(each["here"]), _side(each["there"])]


def _side(there: Iterable[Body]) -> str:
    """One value where all clusters have the same, else each cluster's."""
    by_cluster = {_text(each["cluster"]): _text(each["value"]) for each in there}
    if len(set(by_cluster.values())) == 1:
        return next(iter(by_cluster.values()))
    return ", ".join(f"{value} on {cluster}" for cluster, value in by_cluster.items())


def _before_and_after(change: Body) -> list[str]:
    """The values; where the declaration is what changed, that as well."""
    before, after = (change[which] or {"value": None, "declaration": None} for which in ("before", "after"))
    declared = [f" ({_declared(each['declaration'])})" if each["declaration"] else "" for each in (before, after)]
    shown = declared if before["declaration"] != after["declaration"] else ["", ""]
    return [_text(each["value"]) + more for each, more in zip((before, after), shown, strict=True)]


def _declared(declaration: Body) -> str:
    kind = "|".join(declaration["choices"]) or str(declaration["type"])
    return ", ".join([kind, *(word for word in ("required", "protected") if declaration[word])])


def place(said: Body | None) -> str:
    """A layer as commands take it."""
    if said is None:
        return "-"
    return "/".join(filter(None, (said.get("layer") or said.get("scope"), said["of"])))


def _who(each: Body) -> str:
    return f"{each['changed_by']}, {each['accepted_by']}" if each["accepted_by"] else str(each["changed_by"])


def _text(value: str | None) -> str:
    return "-" if value is None else value
