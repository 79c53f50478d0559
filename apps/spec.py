"""What is to run: one release of one application in one environment, as an immutable value.

Selectors build it from rows, a Release stores its JSON, `render` turns it into manifests for a cluster. It knows no
block: the parameters of one are kept as plain JSON, normalised when the release was made, so an old release renders
as it did. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

# Not `Mapping`: to ask an abstract class of each value took a twentieth of a rendering.
_MAPPING = (dict, MappingProxyType)


def freeze(value: Any) -> Any:
    """A deeply immutable copy of a JSON value: mappings become read-only views of copies, lists become tuples."""
    if isinstance(value, _MAPPING):
        return MappingProxyType({key: freeze(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in value)
    return value


def thaw(value: Any) -> Any:
    """The inverse of `freeze`: fresh dicts and lists, which the caller may change."""
    if isinstance(value, _MAPPING):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [thaw(item) for item in value]
    return value


@dataclass(frozen=True)
class BlockUse:
    """One building block, put to use: its name and its parameters as a JSON object with the defaults filled in."""

    block: str
    params: Mapping[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", freeze(self.params))


@dataclass(frozen=True)
class SecretVersion:
    """A version of a secret that a release is pinned to: `keys` maps each key to the reference of its value."""

    version: str
    keys: Mapping[str, str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", freeze(self.keys))


@dataclass(frozen=True)
class AppSpec:
    """All that rendering an application needs, apart from the cluster. Names are DNS labels, `image` is by digest.

    `rolled_back` says that the release repeats an earlier one: it runs no task.
    `config` are the values of the layers of configuration, by the name of each cluster that the release was made for.
    """

    team: str
    project: str
    application: str
    environment: str
    namespace: str
    image: str
    release: str
    blocks: tuple[BlockUse, ...] = ()
    secrets: Mapping[str, SecretVersion] = field(default_factory=dict)
    rolled_back: bool = False
    config: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "blocks", tuple(self.blocks))
        object.__setattr__(self, "secrets", freeze(self.secrets))
        object.__setattr__(self, "config", freeze(self.config))

    def to_json(self) -> dict[str, Any]:
        """A fresh JSON object that `from_json` takes back unchanged."""
        return {
            **{name: getattr(self, name) for name in _TEXTS},
            "blocks": [{"block": use.block, "params": thaw(use.params)} for use in self.blocks],
            "secrets": {
                name: {"version": pinned.version, "keys": thaw(pinned.keys)} for name, pinned in self.secrets.items()
            },
            "rolled_back": self.rolled_back,
            "config": thaw(self.config),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> AppSpec:
        """KeyError when a field is missing; fields it does not know are ignored. Old releases have neither config nor
        `rolled_back`.
        """
        return cls(
            **{name: value[name] for name in _TEXTS},
            blocks=tuple(BlockUse(use["block"], use["params"]) for use in value["blocks"]),
            secrets={name: SecretVersion(each["version"], each["keys"]) for name, each in value["secrets"].items()},
            rolled_back=bool(value.get("rolled_back", False)),
            config=value.get("config", {}),
        )


_TEXTS = ("team", "project", "application", "environment", "namespace", "image", "release")
