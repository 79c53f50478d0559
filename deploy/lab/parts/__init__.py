"""What runs beside the clusters, ONE PART A FILE, found by name: a module here with a `PART`.

A part is started with the lab when it is a default one, or when named: `up NAME`.
"""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from deploy.lab.errors import LabError

if TYPE_CHECKING:
    from deploy.lab.lab import Lab


class Part(ABC):
    """One part. Its processes are named `parts/NAME` or under it, its state lies in `lab.paths.of(NAME)`."""

    name: ClassVar[str]
    default: ClassVar[bool] = False
    # Names of other parts, started before this one.
    requires: ClassVar[tuple[str, ...]] = ()
    # Debian packages, each with the program that shows that it is there.
    debian: ClassVar[tuple[tuple[str, str], ...]] = ()

    @abstractmethod
    def up(self, lab: "Lab") -> None:
        """Start it and return when it answers; leave it alone when it does already."""

    def prepare(self, lab: "Lab") -> None:  # noqa: B027 - most parts need nothing
        """Download or build what it needs, while other things start."""

    def down(self, lab: "Lab") -> None:
        """End its processes and keep its state: `down` of the lab removes that."""
        for name in lab.processes.names(f"parts/{self.name}"):
            lab.processes.stop(name)

    def chosen(self, lab: "Lab") -> bool:
        """Whether it belongs to this lab: it was started once, and may be stopped now."""
        return (lab.paths.state / self.name).exists()

    @abstractmethod
    def status(self, lab: "Lab") -> str:
        """One line: where it answers."""

    def env(self, lab: "Lab") -> dict[str, str]:
        """Variables by which others find it."""
        return {}


def found() -> dict[str, Part]:
    """Every part there is, by name."""
    parts = {}
    for module in pkgutil.iter_modules(__path__):
        part: Part = importlib.import_module(f"{__name__}.{module.name}").PART
        parts[part.name] = part
    return parts


def chosen(names: list[str]) -> list[Part]:
    """The default parts, those named, and what they require; each after what it requires."""
    parts = found()
    ordered: dict[str, Part] = {}

    def take(name: str, by: tuple[str, ...]) -> None:
        if name not in parts:
            raise LabError(f"no part {name!r}: there are {', '.join(sorted(parts))}")
        if name in by:
            raise LabError(f"parts require each other: {' → '.join([*by, name])}")
        for required in parts[name].requires:
            take(required, (*by, name))
        ordered[name] = parts[name]

    for name in [*(part.name for part in parts.values() if part.default), *names]:
        take(name, ())
    return list(ordered.values())
