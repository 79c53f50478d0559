"""What `dougong init` sees in a folder, and the app file it proposes from that. Reads files, runs nothing."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAME_LIMIT = 63
USUAL_PORT = 8080
PLACEHOLDER = "0" * 64
LARGEST = 256 * 1024
CONTAINERFILES = ("Dockerfile", "Containerfile")
# What one reader of YAML or another takes for something else than a text.
NO_TEXTS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
EVERYWHERE = "0.0.0.0"  # noqa: S104 - in a pod, where only its ports are reached
# A process of a Procfile that runs once before a release, not for ever.
BEFORE_RELEASE = "release"


@dataclass
class Found:
    """Processes by name with their commands ([] is the image's own), the port of `web`, and where each was seen."""

    processes: dict[str, list[str]] = field(default_factory=dict)
    port: int | None = None
    probe_path: str = ""
    seen: list[str] = field(default_factory=list)


def look(folder: Path) -> Found:
    """What there is: a Procfile says most, then a Containerfile, then what the language's own files tell."""
    found = Found()
    for looker in (_procfile, _containerfile, _node, _python, _go):
        looker(folder, found)
    if not found.processes:
        found.processes["web"] = []
        found.seen.append("nothing that tells how it runs: one process called web is a guess")
    return found


def proposal(found: Found, *, name: str, project: str, image: str, clusters: Iterable[str]) -> dict[str, Any]:
    """The app file as JSON."""
    blocks: list[dict[str, Any]] = []
    for process, command in found.processes.items():
        params: dict[str, Any] = {"name": process, "cpu": "100m", "memory": "128Mi"}
        params |= {"command": command} if command else {}
        params |= {"probe_path": found.probe_path} if process == "web" and found.probe_path else {}
        blocks.append({"process": params})
    if "web" in found.processes:
        blocks.append({"port": {"process": "web", "port": found.port or USUAL_PORT}})
    where = list(clusters)
    return {
        "name": name,
        "project": project,
        "image": image or f"registry.example/{name}@sha256:{PLACEHOLDER}",
        "environments": {"production": {"clusters": where} if where else {"selector": {"stage": "production"}}},
        "blocks": blocks,
    }


def as_text(document: dict[str, Any], found: Found) -> str:
    """The file as people would write it, with a remark at each place that is a guess."""
    [(environment, placement)] = document["environments"].items()
    lines = [
        f"# Proposed by `dougong init`, which saw: {'; '.join(found.seen)}.",
        "# All that can be in here: docs/app-file.md; a block: `dougong explain process`.",
        f"name: {document['name']}",
        f"project: {document['project']}",
        *(["# The image that was pushed, by its digest."] if PLACEHOLDER in document["image"] else []),
        f"image: {document['image']}",
        "environments:",
        *(
            ["  # Every cluster with this label; or by name: {clusters: [east, west]}"]
            if "selector" in placement
            else []
        ),
        f"  {environment}: {_flow(placement)}",
        "blocks:",
        *(f"  - {block}: {_flow(params)}" for each in document["blocks"] for block, params in each.items()),
    ]
    if "web" in found.processes:
        lines.append(f"  # - route: {{process: web, host: {document['name']}.example}}")
    return "\n".join(lines) + "\n"


def name_of(folder: Path) -> str:
    """The folder's name as an application's, "app" where nothing of it can be used."""
    text = re.sub("[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")
    return re.sub("^[^a-z]+", "", text)[:NAME_LIMIT].strip("-") or "app"


def _flow(value: dict[str, Any]) -> str:
    """A mapping on one line; texts in quotes only where YAML needs them."""
    return "{" + ", ".join(f"{key}: {_scalar(each)}" for key, each in value.items()) + "}"


def _scalar(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_scalar, value)) + "]"
    if isinstance(value, str) and re.fullmatch("[A-Za-z/][-A-Za-z0-9_./]*|[0-9]+(m|Mi)", value):
        return json.dumps(value) if value.lower() in NO_TEXTS else value
    return json.dumps(value, ensure_ascii=False)


def _procfile(folder: Path, found: Found) -> None:
    for line in _text(folder / "Procfile").splitlines():
        if matched := re.match(r"([A-Za-z][A-Za-z0-9_-]*):\s*(\S.*)", line):
            name = matched[1].lower().replace("_", "-")
            if name == BEFORE_RELEASE:
                found.seen.append("a release command in Procfile, which is not taken over")
                continue
            found.processes[name] = _words(matched[2])
            found.seen.append(f"{name} in Procfile")


def _containerfile(folder: Path, found: Found) -> None:
    for name in CONTAINERFILES:
        text = _text(folder / name)
        if not text:
            continue
        found.processes.setdefault("web", [])
        exposed = re.search(r"^\s*EXPOSE\s+([0-9]+)", text, re.MULTILINE | re.IGNORECASE)
        found.port = found.port or (int(exposed[1]) if exposed else None)
        found.seen.append(f"{name} with EXPOSE {exposed[1]}" if exposed else f"{name} without EXPOSE")
        check = re.search(r"^\s*HEALTHCHECK\b.*?https?://[^/\s\"']+(/[^\s\"'|]*)", text, re.MULTILINE | re.IGNORECASE)
        found.probe_path = check[1] if check else ""
        return


def _node(folder: Path, found: Found) -> None:
    try:
        package = json.loads(_text(folder / "package.json") or "null")
    except ValueError:
        return
    if not isinstance(package, dict):
        return
    scripts = package.get("scripts")
    command = ["npm", "start"] if isinstance(scripts, dict) and "start" in scripts else []
    _language(found, "package.json", command, 3000)


def _python(folder: Path, found: Found) -> None:
    wants = _requirements(folder)
    if (folder / "manage.py").is_file():
        modules = sorted(each.parent.name for each in folder.glob("*/wsgi.py"))
        command = ["gunicorn", f"{modules[0]}.wsgi", "--bind", f"{EVERYWHERE}:8000"] if modules else []
        _language(found, "manage.py of Django", command, 8000)
    elif "fastapi" in wants:
        _language(found, "FastAPI", ["uvicorn", "main:app", "--host", EVERYWHERE, "--port", "8000"], 8000)
    elif "flask" in wants:
        _language(found, "Flask", ["gunicorn", "app:app", "--bind", f"{EVERYWHERE}:8000"], 8000)
    elif wants or (folder / "pyproject.toml").is_file():
        _language(found, "a Python project", [], 8000)


def _go(folder: Path, found: Found) -> None:
    if matched := re.search(r"^module\s+(\S+)", _text(folder / "go.mod"), re.MULTILINE):
        _language(found, f"the Go module {matched[1]}", [], USUAL_PORT)


def _language(found: Found, seen: str, command: list[str], port: int) -> None:
    """What a language's files tell stands only where nothing more exact was seen."""
    found.seen.append(seen)
    if not found.processes:
        found.processes["web"] = command
        found.seen.append("no Containerfile: the image and its command are a guess")
    found.port = found.port or port


def _requirements(folder: Path) -> set[str]:
    """Names of the distributions a Python project asks for."""
    lines = _text(folder / "requirements.txt").splitlines()
    try:
        project = tomllib.loads(_text(folder / "pyproject.toml")).get("project", {})
        lines += project.get("dependencies", [])
    except (tomllib.TOMLDecodeError, AttributeError, TypeError):
        pass
    matched = [re.match("[A-Za-z0-9][-A-Za-z0-9_.]*", str(line)) for line in lines]
    return {each[0].lower() for each in matched if each}


def _words(command: str) -> list[str]:
    """Through a shell where it needs one."""
    if re.search(r"[$&|;<>`*?~]", command):
        return ["/bin/sh", "-c", command]
    try:
        return shlex.split(command)
    except ValueError:
        return ["/bin/sh", "-c", command]


def _text(path: Path) -> str:
    """The beginning of a file, "" where there is none that is a text."""
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(LARGEST)
    except (OSError, UnicodeDecodeError):
        return ""
