"""Which control planes this machine knows, and as whom: a file without secrets in the user's configuration folder."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs

from paas.cli.errors import UsageError


def folder() -> Path:
    """Where the command keeps its files: DOUGONG_CONFIG_DIR, or the platform's own place."""
    own = os.environ.get("DOUGONG_CONFIG_DIR")
    return Path(own) if own else platformdirs.user_config_path("dougong")


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    half.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file, {} where there is no file.

    Raises:
        UsageError: it holds something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UsageError(f"{path} is damaged.", remedy="Remove it and sign in again with `dougong login`.")
    return found


@dataclass(frozen=True)
class Context:
    """A control plane and the person one is there; the token is kept apart (see `tokens`)."""

    name: str
    server: str
    username: str

    @property
    def token_key(self) -> str:
        """What the token is kept under."""
        return f"{self.username}@{self.server}"


@dataclass
class Contexts:
    """All of them, and the one in use."""

    current: str = ""
    known: dict[str, Context] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Contexts:
        """From the file."""
        found = read_json(folder() / "config.json")
        known = {
            name: Context(name, str(each["server"]), str(each["username"]))
            for name, each in found.get("contexts", {}).items()
        }
        return cls(str(found.get("current", "")), known)

    def save(self) -> None:
        """To the file."""
        contexts = {each.name: {"server": each.server, "username": each.username} for each in self.known.values()}
        write_private(folder() / "config.json", json.dumps({"current": self.current, "contexts": contexts}, indent=2))

    def add(self, context: Context) -> None:
        """Keep it, and use it from now on."""
        self.known[context.name] = context
        self.current = context.name
        self.save()

    def use(self, name: str) -> Context:
        """Use the one of that name from now on. UsageError when it is unknown."""
        context = self.named(name)
        self.current = name
        self.save()
        return context

    def rename(self, old: str, new: str) -> None:
        """Call it by another name. UsageError when it is unknown, or the new name is taken or none."""
        context = self.named(old)
        if not new or new in self.known:
            raise UsageError(f"A context cannot be called {new!r}.", rule="A name is taken once, and is not empty.")
        self.known = {
            each.name: each
            for each in (replace(known, name=new) if known is context else known for known in self.known.values())
        }
        self.current = new if self.current == old else self.current
        self.save()

    def remove(self, name: str) -> None:
        """Forget it; another one is not chosen in its place."""
        self.known.pop(name, None)
        if self.current == name:
            self.current = ""
        self.save()

    def named(self, name: str) -> Context:
        """The one of that name. UsageError when it is unknown."""
        if name not in self.known:
            there = ", ".join(sorted(self.known)) or "none"
            raise UsageError(
                f"There is no context {name}.", rule=f"Known are: {there}.", remedy="See `dougong contexts`."
            )
        return self.known[name]

    def for_server(self, server: str) -> Context | None:
        """The one that leads to a server; the one in use first."""
        fitting = [each for each in self.known.values() if each.server == server]
        return next((each for each in fitting if each.name == self.current), fitting[0] if fitting else None)


def normal_server(server: str) -> str:
    """An address as it is kept: a scheme, no slash at the end."""
    address = server if "://" in server else f"https://{server}"
    return address.rstrip("/")


def context_name(server: str) -> str:
    """What a context is called unless it is given a name: the server's host and port."""
    return urlsplit(server).netloc.rpartition("@")[2]
