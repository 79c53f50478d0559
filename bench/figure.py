"""What a figure comes to: measures, each with every value, and the target it is held against. Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

DIGITS = 4


@dataclass(frozen=True)
class Measure:
    """One number and all of its repeats; `at_most` or `at_least` is the target, where there is one."""

    name: str
    unit: str
    values: tuple[float, ...]
    at_most: float | None = None
    at_least: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the median meets the target; None where there is none."""
        if self.at_most is not None:
            return self.median <= self.at_most
        return None if self.at_least is None else self.median >= self.at_least

    @property
    def target(self) -> str:
        if self.at_most is not None:
            return f"≤ {self.at_most:g}"
        return "" if self.at_least is None else f"≥ {self.at_least:g}"

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "unit": self.unit,
            "median": _short(self.median),
            "range": [_short(min(self.values)), _short(max(self.values))],
            "values": [_short(each) for each in self.values],
            "target": self.target,
            "met": self.met,
        }


@dataclass
class Figure:
    """A named figure: how it was measured, and its measures in the order of the table."""

    name: str
    about: str
    settings: dict[str, Any] = field(default_factory=dict)
    measures: list[Measure] = field(default_factory=list)

    def add(
        self,
        name: str,
        unit: str,
        values: Iterable[float],
        *,
        at_most: float | None = None,
        at_least: float | None = None,
    ) -> None:
        """One more measure; nothing where there are no values."""
        found = tuple(values)
        if found:
            self.measures.append(Measure(name, unit, found, at_most, at_least))

    def add_latencies(
        self, name: str, repeats: Iterable[Sequence[float]], *, p50: float | None = None, p99: float | None = None
    ) -> None:
        """Three measures of the samples of each repeat, in seconds: p50, p99 (each with its target) and the longest.

        A repeat without a sample has no value.
        """
        found = [each for each in repeats if each]
        for what, percent, most in (("p50", 50, p50), ("p99", 99, p99), ("max", 100, None)):
            self.add(f"{name}{what}", "s", [percentile(each, percent) for each in found], at_most=most)

    def to_json(self) -> dict[str, Any]:
        return {
            "about": self.about,
            "settings": self.settings,
            "measures": [each.to_json() for each in self.measures],
        }


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of all do not exceed (nearest rank): it was really measured."""
    ranked = sorted(values)
    return ranked[max(math.ceil(len(ranked) * percent / 100), 1) - 1]


def _short(value: float) -> float:
    """Four significant digits: nothing here is known better."""
    return float(f"{value:.{DIGITS}g}")
