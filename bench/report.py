"""The result file and the table in docs/performance.md that is rendered from it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from bench.figure import Figure
from bench.options import FIGURES
from bench.testbed import Testbed
from deploy.control_plane.group import ROOT
from deploy.lab import paths

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
PACKAGES = ("django", "celery", "aiohttp", "orjson", "psycopg", "kubernetes")
CODE = ("paas", "clusters", "apps", "deploy", "bench")
WHERE = ("machine", "versions")
MET = {True: "yes", False: "**no**", None: ""}


def result(bed: Testbed, figures: list[Figure]) -> dict[str, Any]:
    """Everything about a run, JSON-safe; each figure says when and of what it was taken."""
    of = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "HEAD"),
        "changed": bool(_git("status", "--porcelain", "--untracked-files=no", "--", *CODE)),
    }
    return {
        "machine": _machine(),
        "versions": _versions(bed),
        "figures": {each.name: {**of, **each.to_json()} for each in figures},
    }


def write(found: dict[str, Any], out: Path, page: Path = PAGE) -> None:
    """The file, and the page's table between its markers. Figures of an earlier run stay until they are taken anew."""
    if out.exists():
        found = merged(json.loads(out.read_text()), found)
    paths.write_json(out, found)
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{table(found)}\n{END}{after}")


def merged(earlier: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """What was found, and every other figure as it was taken earlier, with the machine and versions of that time."""
    of = {key: earlier[key] for key in WHERE}
    figures = {**{name: {**of, **each} for name, each in earlier["figures"].items()}, **found["figures"]}
    return {**found, "figures": {name: figures[name] for name in FIGURES if name in figures}}


def table(found: dict[str, Any]) -> str:
    """Markdown: where it ran, then a table a figure; one that was taken elsewhere says so."""
    head = _where(found)
    parts = [head]
    for name, each in found["figures"].items():
        where = _where({**found, **each})
        parts.append(_figure(name, each, where if where != head else ""))
    return "\n\n".join(parts)


def _where(taken: dict[str, Any]) -> str:
    machine, versions = (taken[key] for key in WHERE)
    of = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"{machine['cpus']} × {machine['cpu']}, {machine['memory_gib']} GiB; {of}."


def _figure(name: str, figure: dict[str, Any], where: str) -> str:
    settings = ", ".join(f"{key} {value}" for key, value in figure["settings"].items())
    taken = f"{figure['date'][:10]}, commit {figure['commit'][:10]}{' and changes' if figure['changed'] else ''}"
    about = figure["about"].partition("\n")[0] + (f" ({settings})" if settings else "")
    lines = [f"### {name}", "", f"{about} {taken}.{f' On {where}' if where else ''}", ""]
    lines += ["| measure | median | range | unit | target | met |", "|---|---|---|---|---|---|"]
    for each in figure["measures"]:
        low, high = each["range"]
        spread = f"{low:g} – {high:g}" if len(each["values"]) > 1 else ""
        cells = (each["name"], f"{each['median']:g}", spread, each["unit"], each["target"], MET[each["met"]])
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _machine() -> dict[str, Any]:
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cpu": models[0].partition(":")[2].strip() if models else platform.machine(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": platform.release(),
        "load": [round(each, 2) for each in os.getloadavg()],
    }


def _versions(bed: Testbed) -> dict[str, str]:
    with bed.sql() as connection:
        row = connection.execute("SHOW server_version").fetchone()
    kubernetes = bed.run(bed.admin["east"].request("GET", "/version"))["gitVersion"]
    return {
        "Kubernetes": kubernetes.removeprefix("v"),
        "PostgreSQL": str(row[0]).partition(" ")[0] if row else "",
        "Python": platform.python_version(),
        **{name: metadata.version(name) for name in PACKAGES},
    }


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
