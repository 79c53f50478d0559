"""The bench: `python -m bench [FIGURE …] [--applications N] [--repeats N] [--seconds S] [--fresh] [--out FILE]`.

Brings up what is measured, runs the figures in the order of this list, prints each, and writes each into FILE and
docs/performance.md where that is asked. It is a program, not a test: it fails where something was wrong or missed, and
says of a target only whether it was met.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import time
from pathlib import Path

import django

from bench import report
from bench.figure import Figure
from bench.options import FIGURES, REPEATS, Options
from bench.testbed import Testbed, testbed


def main() -> int:
    asked = _arguments()
    # Ended from outside it still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {text}", file=sys.stderr, flush=True)  # noqa: T201 - progress

    options = Options(say, asked.applications, asked.repeats, asked.seconds)
    with testbed(fresh=asked.fresh, say=say) as bed:
        _become_part_of(bed)
        for name in (each for each in FIGURES if each in (asked.figures or FIGURES)):
            result = report.result(bed, [_measure(name, bed, options)])
            print(report.table(result), flush=True)  # noqa: T201 - the answer
            if asked.out:
                report.write(result, asked.out)
    say("done")
    return 0


def _measure(name: str, bed: Testbed, options: Options) -> Figure:
    options.say(name)
    # Only now: a figure's modules need Django, and Django the settings of the control plane that is measured.
    figure: Figure = importlib.import_module(f"bench.{name}").measure(bed, options)
    figure.settings["repeats"] = options.repeats
    return figure


def _become_part_of(bed: Testbed) -> None:
    """Let this process be another one of the control plane: its services, its database, its broker."""
    os.environ |= {**bed.plane.env, "DJANGO_SETTINGS_MODULE": "paas.settings", "DOUGONG_DATABASE_KEEP": "true"}
    os.environ["DOUGONG_LOG_LEVEL"] = "ERROR"
    django.setup()
    importlib.import_module("paas.celery")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure a control plane on a lab of its own.")
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=f"which (all): {', '.join(FIGURES)}")
    parser.add_argument("--applications", type=int, help="how many, in place of each figure's own number")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="how often each is measured (%(default)s)")
    parser.add_argument("--seconds", type=float, help="how long a repeat is, where a figure lasts")
    parser.add_argument("--fresh", action="store_true", help="begin with an empty database and empty clusters")
    parser.add_argument("--out", type=Path, help="write the result here, and the table into docs/performance.md")
    asked = parser.parse_args()
    if strangers := set(asked.figures) - set(FIGURES):
        parser.error(f"no figure {', '.join(sorted(strangers))}: there are {', '.join(FIGURES)}")
    return asked


if __name__ == "__main__":
    sys.exit(main())
