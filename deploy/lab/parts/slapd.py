"""An LDAP directory, OpenLDAP's, on loopback with StartTLS; its certificate is of an authority of its own.

What somebody has put into `people.ldif` in its folder before its first start is in it from the beginning.
"""

import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.lab import certificates, paths
from deploy.lab.commands import until
from deploy.lab.slapd import GROUPS, PEOPLE, READER, Slapd

from . import Part

if TYPE_CHECKING:
    from deploy.lab.lab import Lab

ENTRIES = "people.ldif"


class Directory(Part):
    name = "slapd"
    debian = (("slapd", "/usr/sbin/slapd"),)

    def up(self, lab: "Lab") -> None:
        folder = lab.paths.of(self.name)
        folder.chmod(0o700)
        certificates.of_server(folder / "pki", "slapd", "127.0.0.1")
        entries = folder / ENTRIES
        server = _server(lab, folder)
        server.prepare(entries.read_text() if entries.exists() else "")
        lab.processes.start("parts/slapd", server.command)
        until(lambda: self._answers(lab), "slapd", 20)

    def _answers(self, lab: "Lab") -> bool:
        lab.processes.must_run("parts/slapd")
        try:
            with socket.create_connection(("127.0.0.1", lab.plan.directory_port), timeout=2):
                return True
        except OSError:
            return False

    def status(self, lab: "Lab") -> str:
        return self.env(lab)["DOUGONG_LDAP_URIS"]

    def env(self, lab: "Lab") -> dict[str, str]:
        server = _server(lab, lab.paths.of(self.name))
        return {
            "DOUGONG_LDAP_URIS": server.uri,
            "DOUGONG_LDAP_CA_FILE": str(server.folder / "pki" / "ca.crt"),
            "DOUGONG_LDAP_BIND_DN": READER,
            "DOUGONG_LDAP_BIND_PASSWORD": server.reader_password,
            "DOUGONG_LDAP_PEOPLE_BASE": PEOPLE,
            "DOUGONG_LDAP_GROUPS_BASE": GROUPS,
        }


def _server(lab: "Lab", folder: Path) -> Slapd:
    pki, password = folder / "pki", folder / "reader"
    if not password.exists():
        paths.write(password, secrets.token_urlsafe(24), 0o600)
    return Slapd(folder, lab.plan.directory_port, pki / "server.crt", pki / "server.key", password.read_text())


PART = Directory()
