"""A real LDAP directory on a port of this machine: the lab's slapd in a folder of its own, with people to change."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

import ldap

from deploy.lab import slapd
from deploy.lab.slapd import GROUPS, PEOPLE, ROOT
from tests.certificate import issued

LOCKED_FOR_GOOD = b"000001010000Z"
SECRET = "root's own"


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
    """`start` and `stop` may be called again and again; what was written stays. `entries` are LDIF to begin with."""

    def __init__(self, folder: Path, entries: str = "") -> None:
        assert slapd.installed(), "These tests need slapd: run `make slapd`."
        self.folder, self.authority, key = folder, folder / "certificate.pem", folder / "key.pem"
        public, private = issued()
        self.authority.write_bytes(public)
        key.write_bytes(private)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.server = slapd.Slapd(folder, self.port, self.authority, key, reader_password="reads", root_password=SECRET)
        self.server.prepare(entries)
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def uri(self) -> str:
        """Where it listens."""
        return self.server.uri

    def start(self) -> None:
        """Returns when it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.server.command, cwd=self.folder, stdout=log, stderr=log)
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
