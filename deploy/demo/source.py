"""Which state of the code the control plane runs, so that processes of an older one are started anew."""

import hashlib
from pathlib import Path

from deploy.control_plane.group import ROOT

FOLDERS = ("paas", "clusters", "apps", "deploy/member", "templates")
FILES = ("uv.lock", "Procfile", "manage.py")


def version(root: Path = ROOT) -> str:
    """A hash over every file that the processes read from the tree."""
    total = hashlib.sha256()
    found = [file for folder in FOLDERS for file in (root / folder).rglob("*") if file.suffix not in (".pyc", ".pyo")]
    for file in sorted([*found, *(root / name for name in FILES)]):
        if file.is_file():
            total.update(f"{file.relative_to(root)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:16]
