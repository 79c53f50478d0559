"""The command line of the supervisor; see `supervisor`."""

import argparse
import asyncio
import os
from pathlib import Path

from . import procfile, records
from .supervisor import Supervisor


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.control_plane", description="Keep a Procfile running.")
    parser.add_argument("folder", type=Path, help="where logs and records go")
    parser.add_argument("procfile", type=Path, help="what to run; its folder is the working folder")
    parser.add_argument("--root", type=Path, help="another working folder")
    asked = parser.parse_args()
    folder = asked.folder.resolve()
    commands = procfile.parse(asked.procfile.read_text())
    records.note(folder, records.SUPERVISOR, os.getpid())
    asyncio.run(Supervisor(folder, (asked.root or asked.procfile.parent).resolve(), commands).run())


if __name__ == "__main__":
    main()
