"""The command line of the demo: python -m deploy.demo."""

import argparse
import os
import sys
from typing import NoReturn

from deploy.control_plane.plane import PYTHON
from deploy.lab import locks
from deploy.lab.errors import LabError

from . import down, preflight, report, stores
from .config import Config
from .demo import Demo


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description="Two clusters, Dougong, an application.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("check", help="say what stands in the way, and start nothing; needs no packages")
    verbs.add_parser("up", help="bring up what is missing, and return when the application answers everywhere")
    verbs.add_parser("down", help="end all of it").add_argument(
        "--because", default="", metavar="WHY", help="say so if there is one, and nothing if not"
    )
    verbs.add_parser("status", help="what runs; exit code 1 unless all is well")
    verbs.add_parser("psql", help="PostgreSQL's shell, as the owner of its database")
    manage = verbs.add_parser("manage", help="manage.py with the settings of its control plane")
    manage.add_argument("words", nargs=argparse.REMAINDER, metavar="…")
    return parser


def run(asked: argparse.Namespace, config: Config) -> int:
    if asked.verb == "check":
        preflight.check(config)
        return 0
    if asked.verb == "up":
        preflight.check(config)
        return begin(Demo(config))
    demo = Demo(config.begun())
    if asked.verb in ("manage", "psql"):
        become(demo, getattr(asked, "words", None))
    if asked.verb == "status":
        lines, well = report.status(demo)
        print("\n".join(lines))
        if demo.in_lab and well:
            demo.lab("status")
        return 0 if well else 1
    return end(demo, asked.because)


def begin(demo: Demo) -> int:
    # Stands on the project's packages, which are not there yet when the other verbs are needed.
    from .up import up  # noqa: PLC0415 - see above

    with locks.locked(demo.config.lock, "waiting for another command on this demo"):
        up(demo)
        print("\n".join(report.live(demo)))
    return 0


def become(demo: Demo, words: list[str] | None) -> NoReturn:
    """manage.py with these words, psql without any."""
    if not demo.config.environment.exists():
        raise LabError("there is no demo; `make demo` begins one")
    if words is not None:
        demo.plane.become(PYTHON, "manage.py", *words)
    demo.plane.become(stores.program("psql"), "--quiet", "--no-psqlrc", demo.plane.env["DATABASE_URL"])


def end(demo: Demo, because: str) -> int:
    if because and not down.is_up(demo):
        return 0
    if because:
        print(f"A demo is up; it is ended now, {because}.", flush=True)
    with locks.locked(demo.config.lock, "waiting for another command on this demo"):
        down.down(demo)
    return 0


def main() -> int:
    asked = arguments().parse_args()
    try:
        return run(asked, Config.of(os.environ))
    except (LabError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted: `make demo` goes on from here, `make down` ends it", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
