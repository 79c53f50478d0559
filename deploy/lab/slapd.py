"""OpenLDAP's slapd, of Debian's package, with a folder of its own: its configuration and the command that runs it.

Under the lab's part of that name, and under the directory of the tests. It takes a password only over TLS and hides all
from who has not signed in. Who is locked still proves their password: no policy is in force, so that it is for whoever
reads the directory to refuse them.
"""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from . import paths
from .commands import run
from .errors import LabError

# Debian keeps it where only root's shells look.
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
SCHEMAS = ("core", "cosine", "nis", "inetorgperson")
ROOT, READER = "cn=root,dc=example", "cn=reader,dc=example"
PEOPLE, GROUPS = "ou=people,dc=example", "ou=groups,dc=example"

CONFIGURATION = """
{schemas}
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {folder}/pid
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
security simple_bind=64
database mdb
maxsize 33554432
suffix dc=example
rootdn {root}
{root_password}
directory {folder}/data
dbnosync
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact={reader} read by * none
overlay ppolicy
"""
TREE = """
dn: dc=example
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: {reader}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: {reader_password}

dn: {people}
objectClass: organizationalUnit
ou: people

dn: {groups}
objectClass: organizationalUnit
ou: groups

"""


@dataclass(frozen=True)
class Slapd:
    """One directory on loopback.

    folder           its data and configuration
    certificate      what it shows, as PEM; `key` beside it
    reader_password  of READER, who may read people and groups
    root_password    of ROOT, who may change them; without one nobody may
    """

    folder: Path
    port: int
    certificate: Path
    key: Path
    reader_password: str = field(repr=False)
    root_password: str = field(default="", repr=False)

    @property
    def uri(self) -> str:
        """Where it listens; a connection begins in the clear, and nothing is told before StartTLS."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def command(self) -> list[str | Path]:
        """Runs it in the foreground."""
        return [_program("slapd"), "-h", self.uri, "-f", self._configuration, "-d", "0"]

    @property
    def _configuration(self) -> Path:
        return self.folder / "slapd.conf"

    def prepare(self, entries: str = "") -> None:
        """Write its configuration and, where it has no data yet, the tree with these entries (LDIF).

        Raises:
            LabError: there is no slapd, or the entries are no LDIF of the tree.
        """
        text = CONFIGURATION.format(
            schemas="\n".join(f"include /etc/ldap/schema/{each}.schema" for each in SCHEMAS), folder=self.folder,
            certificate=self.certificate, key=self.key, root=ROOT, reader=READER,
            root_password=f'rootpw "{self.root_password}"' if self.root_password else "",
        )  # fmt: skip
        paths.write(self._configuration, text, 0o600)
        data, filled = self.folder / "data", self.folder / "filled"
        if filled.exists():
            return
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(mode=0o700)
        tree = TREE.format(reader=READER, reader_password=self.reader_password, people=PEOPLE, groups=GROUPS)
        run([_program("slapadd"), "-q", "-f", self._configuration], stdin=tree + entries)
        filled.touch()


def installed() -> bool:
    """Whether the programs are there."""
    return shutil.which("slapd", path=PATH) is not None


def _program(name: str) -> str:
    found = shutil.which(name, path=PATH)
    if found is None:
        raise LabError(f"there is no {name}: `make slapd` installs it")
    return found
