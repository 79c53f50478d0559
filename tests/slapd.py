"""A real LDAP directory on a port of this machine, with a folder of its own: OpenLDAP's slapd, of Debian's package.

It takes a password only over TLS and hides all from who has not signed in. Who is locked still proves their password:
no policy is in force, so that it is for us to refuse them.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import ldap

from tests.certificate import issued

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
SCHEMAS = ("core", "cosine", "nis", "inetorgperson")
LOCKED_FOR_GOOD = b"000001010000Z"
ROOT, SECRET = "cn=root,dc=example", "root's own"
PEOPLE, GROUPS = "ou=people,dc=example", "ou=groups,dc=example"

CONFIGURATION = """
{schemas}
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {folder}/pid
TLSCertificateFile {folder}/certificate.pem
TLSCertificateKeyFile {folder}/key.pem
security simple_bind=64
database mdb
maxsize 33554432
suffix dc=example
rootdn {root}
rootpw "{secret}"
directory {folder}/data
dbnosync
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact=cn=reader,dc=example read by * none
overlay ppolicy
"""
TREE = """
dn: dc=example
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: cn=reader,dc=example
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: reads

dn: ou=people,dc=example
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example
objectClass: organizationalUnit
ou: groups

"""


def dn_of(name: str) -> str:
    """Of a person."""
    return f"uid={ldap.dn.escape_dn_chars(name)},{PEOPLE}"


def group(name: str) -> str:
    """The DN of a group."""
    return f"cn={name},{GROUPS}"


def password_of(name: str) -> str:
    """What `name` signs in with."""
    return f"{name} likes noodles"


class Slapd:
    """`start` and `stop` may be called again and again; what was written stays."""

    def __init__(self, folder: Path) -> None:
        slapd = shutil.which("slapd", path=PATH)
        assert slapd, "These tests need slapd: run `make slapd`."
        self.program, self.folder = slapd, folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.authority = folder / "certificate.pem"
        public, private = issued()
        self.authority.write_bytes(public)
        (folder / "key.pem").write_bytes(private)
        (folder / "data").mkdir()
        includes = "\n".join(f"include /etc/ldap/schema/{each}.schema" for each in SCHEMAS)
        text = CONFIGURATION.format(schemas=includes, folder=folder, root=ROOT, secret=SECRET)
        (folder / "slapd.conf").write_text(text)
        self._run("slapadd", "-q", "-f", "slapd.conf", text=TREE)
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def uri(self) -> str:
        """Where it listens."""
        return f"ldap://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when it answers."""
        command = [self.program, "-h", self.uri, "-f", "slapd.conf", "-d", "0"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                ended = self.process.poll() is not None or time.monotonic() > until
                assert not ended, (self.folder / "log").read_text()
                time.sleep(0.01)
            else:
                return

    def stop(self) -> None:
        """Connections are cut, new ones refused."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def write(self):
        """A connection that may change all."""
        connection = ldap.initialize(self.uri)
        connection.set_option(ldap.OPT_X_TLS_CACERTFILE, str(self.authority))
        connection.set_option(ldap.OPT_X_TLS_NEWCTX, 0)
        connection.start_tls_s()
        connection.simple_bind_s(ROOT, SECRET)
        return connection

    def add_person(self, name: str, **more: str) -> None:
        """One who can sign in, with `password_of(name)`."""
        said = {
            "objectClass": [b"inetOrgPerson", b"shadowAccount"],
            "uid": [name.encode()],
            "cn": [name.encode()],
            "sn": [name.title().encode()],
            "mail": [f"{name}@example.org".encode("ascii", "ignore")],
            "userPassword": [password_of(name).encode()],
            **{key: [value.encode()] for key, value in more.items()},
        }
        self.write().add_s(dn_of(name), list(said.items()))

    def add_group(self, name: str, *members: str) -> None:
        """A group of these DNs."""
        said = {"objectClass": [b"groupOfNames"], "cn": [name.encode()], "member": [each.encode() for each in members]}
        self.write().add_s(group(name), list(said.items()))

    def join(self, name: str, member: str) -> None:
        """Put a DN into a group."""
        self.write().modify_s(group(name), [(ldap.MOD_ADD, "member", [member.encode()])])

    def leave(self, name: str, member: str) -> None:
        """Take a DN out of a group."""
        self.write().modify_s(group(name), [(ldap.MOD_DELETE, "member", [member.encode()])])

    def lock(self, name: str) -> None:
        """As an administrator does with who has left."""
        self.write().modify_s(dn_of(name), [(ldap.MOD_REPLACE, "pwdAccountLockedTime", [LOCKED_FOR_GOOD])])

    def unlock(self, name: str) -> None:
        """The contrary."""
        self.write().modify_s(dn_of(name), [(ldap.MOD_DELETE, "pwdAccountLockedTime", None)])

    def remove(self, dn: str) -> None:
        """An entry."""
        self.write().delete_s(dn)

    def _run(self, program: str, *arguments: str, text: str) -> None:
        found = shutil.which(program, path=PATH)
        assert found, f"There is no {program}."
        done = subprocess.run(
            [found, *arguments], cwd=self.folder, input=text.encode(), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
