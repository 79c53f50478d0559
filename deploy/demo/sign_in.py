"""Where the people of a demo sign in: at the directory and the provider of its lab, which are told them before they
start, and whose settings the control plane gets; or with accounts of the demo's own where one of these cannot run.
"""

import json
import secrets
from collections.abc import Mapping
from importlib.util import find_spec

from deploy.lab import keycloak, paths, slapd
from deploy.lab.parts.keycloak import REALM
from deploy.lab.parts.slapd import ENTRIES

from . import directory, preflight, provider
from .demo import Demo
from .people import DIRECTORY, EVERYBODY, PROVIDER, of_part
from .preflight import GIGA, LAB_MEMORY

PARTS = {DIRECTORY: "slapd", PROVIDER: "Keycloak"}
MEMORY = LAB_MEMORY + GIGA


def usable() -> list[str]:
    """The parts that can run on this machine."""
    return [part for part in PARTS if not missing(part)]


def missing(part: str) -> str:
    """Why a part cannot run here; "" where it can."""
    if part == PROVIDER:
        return keycloak.missing() or _too_little()
    if not slapd.installed():
        return "it is not installed: `make slapd` says what it needs"
    if find_spec("django_auth_ldap") is None:
        return "the extra `ldap` is not in .venv: `make slapd` says what it needs"
    return ""


def _too_little() -> str:
    left = preflight.available_memory()
    return f"{left / GIGA:.1f} GiB of memory available: with it 4 are needed" if left < MEMORY else ""


def prepare(demo: Demo) -> None:
    """Hand the people and their passwords to the parts."""
    where = paths.Paths(demo.config.lab)
    if DIRECTORY in demo.parts:
        text = directory.ldif(of_part(DIRECTORY), demo.passwords)
        paths.write(where.of(DIRECTORY) / ENTRIES, text, 0o600)
    if PROVIDER in demo.parts and not (where.of(PROVIDER) / REALM).exists():
        consoles = [f"http://{host}:{demo.config.port}" for host in ("localhost", "127.0.0.1")]
        secret = secrets.token_urlsafe(24)
        realm = provider.realm(of_part(PROVIDER), demo.passwords, consoles=consoles, secret=secret)
        paths.write_json(where.of(PROVIDER) / REALM, realm, 0o600)


def settings(demo: Demo, told: Mapping[str, str]) -> dict[str, str]:
    """What the control plane is set to, by what the lab tells of its parts."""
    found: dict[str, str] = {}
    if DIRECTORY in demo.parts:
        found |= {name: value for name, value in told.items() if name.startswith("DOUGONG_LDAP_")}
        found |= directory.settings(of_part(DIRECTORY))
    if PROVIDER in demo.parts:
        realm = json.loads((paths.Paths(demo.config.lab).of(PROVIDER) / REALM).read_text())
        issuer = f"{told['KEYCLOAK']}/realms/{provider.REALM}"
        found |= provider.settings(of_part(PROVIDER), issuer=issuer, secret=realm["clients"][0]["secret"])
    return found


def notes(demo: Demo) -> list[str]:
    """What is said of each part that the demo goes on without."""
    found = []
    for part, title in PARTS.items():
        if part not in demo.parts:
            why = missing(part) or "it was not there when this demo began: `make down`, then `make demo`"
            names = " and ".join(each.name for each in of_part(part))
            found.append(f"no {title} ({why}): passwords of Dougong's own for {names}")
    return found


def at(demo: Demo) -> dict[str, str]:
    """Name → where they sign in, in words."""
    return {each.name: PARTS[each.part] if each.part in demo.parts else "" for each in EVERYBODY}
