"""A pytest plugin: what the long tests went through, one JSON file a part, as `make soak` leaves it in docs/soak.

    def test_it(soak_result):
        soak_result("kills", trials=1)       # as it happens: a test that fails has told what came before
        soak_result("kills", boundary="any") # numbers add up over all tests of the part, other values replace

writes `kills.json`: date, commit, seed, machine, counts, duration, failures. A test may tell of several parts; its
failure and its duration belong to the first. One that tells of none belongs to a part with the name of its file.
Without `--soak-results FOLDER` the same is printed and nothing is written. Take `SEED`, and put it into the test's id.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.lab.builds import VERSION as KUBERNETES

# Inherited by the workers of xdist, whose tests must have the same ids.
SEED = os.environ.setdefault("DOUGONG_SOAK_SEED", secrets.token_hex(4))
# What `make test` runs of a long history is the same each time; `make soak` goes on to new ones.
SAMPLE_SEED = "a4f090c7"
ROOT = Path(__file__).resolve().parents[2]
SHOWN = 500
TIMEOUT_SECONDS = 3600
TOLD = "soak_result"


@dataclass
class Part:
    """What the tests of one part came to."""

    counts: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    tests: int = 0
    failures: list[dict[str, str]] = field(default_factory=list)

    def add(self, counts: dict[str, Any]) -> None:
        for name, value in counts.items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            self.counts[name] = self.counts.get(name, 0) + value if number else value

    def to_json(self) -> dict[str, Any]:
        return {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "commit": _git("rev-parse", "--short=12", "HEAD"),
            "changed": bool(_git("status", "--porcelain", "--", ":!docs")),
            "seed": SEED,
            "machine": {"cores": len(os.sched_getaffinity(0)), "memory_gib": _memory_gib()},
            "kubernetes": KUBERNETES.rpartition("=")[2],
            "tests": self.tests,
            "counts": self.counts,
            "duration_seconds": round(self.seconds, 1),
            "failures": self.failures,
        }


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak-results", type=Path, help="the folder in which each part of the soak leaves its result")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Results(config), "soak-results")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("soak") and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS))


@pytest.fixture
def soak_result(request: pytest.FixtureRequest) -> Callable[..., None]:
    """soak_result("kills", trials=1): counts of this test, for the result of the part `kills`."""

    def tell(part: str, **counts: Any) -> None:
        request.node.user_properties.append((TOLD, [part, counts]))

    return tell


class _Results:
    """Gathers the parts of one session from the reports of its tests, also where workers of xdist ran them."""

    def __init__(self, config: pytest.Config) -> None:
        self._worker = hasattr(config, "workerinput")
        self._folder: Path | None = config.getoption("--soak-results")
        self._reports: defaultdict[str, list[pytest.TestReport]] = defaultdict(list)
        self.parts: dict[str, Part] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self._worker or "soak" not in report.keywords:
            return
        self._reports[report.nodeid].append(report)
        if report.when == "teardown":
            self._end(self._reports.pop(report.nodeid))

    def _end(self, reports: list[pytest.TestReport]) -> None:
        """A test is over: setup, call and teardown are there, and all that it told."""
        if any(each.skipped for each in reports):
            return
        told = [value for name, value in reports[-1].user_properties if name == TOLD]
        file = Path(reports[-1].nodeid.partition("::")[0]).stem.removeprefix("test_")
        part = self._part(told[0][0] if told else file)
        part.tests += 1
        part.seconds += sum(each.duration for each in reports)
        part.failures += [{"test": each.nodeid, "message": _message(each)} for each in reports if each.failed]
        for name, counts in told:
            self._part(name).add(counts)

    def _part(self, name: str) -> Part:
        return self.parts.setdefault(name, Part())

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for name, part in sorted(self.parts.items()):
            text = json.dumps(part.to_json(), indent=2)
            if self._folder is None:
                terminalreporter.write_line(f"soak {name}: {text}")
                continue
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / f"{name}.json").write_text(text + "\n")
            terminalreporter.write_line(
                f"soak {name}: {part.tests} tests, {len(part.failures)} failures, {part.counts}"
            )


def _message(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return (crash.message if crash else report.longreprtext).replace(f"{ROOT}/", "")[:SHOWN]


def _memory_gib() -> float:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=False, capture_output=True, text=True).stdout.strip()
