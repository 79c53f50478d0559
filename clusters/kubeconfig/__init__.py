"""Uploaded kubeconfigs: read into the four facts that are used, refused for everything else they can say.

Clients run commands, read files and send credentials elsewhere because a kubeconfig tells them to. So nobody but this
module reads an uploaded file, and what it returns is built anew from checked values. Messages never quote the file.
Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from clusters.addresses import AddressRefused, check_host
from clusters.kubeconfig.document import MAX_BYTES, load
from clusters.kubeconfig.pem import certificates, from_base64, private_key
from clusters.kubeconfig.refusal import KubeconfigRefused, refuse

__all__ = ["MAX_BYTES", "Credentials", "KubeconfigRefused", "parse"]

_MAX_TOKEN = 16 * 1024
_MAX_PORT = 65535

_TOP = frozenset(
    {"apiVersion", "kind", "preferences", "extensions", "clusters", "contexts", "users", "current-context"}
)
# What is not in these sets has a refusal of its own or is unknown; "extensions" are notes of other tools, never read.
_CLUSTER = frozenset({"server", "certificate-authority-data", "disable-compression", "extensions"})
_CONTEXT = frozenset({"cluster", "user", "namespace", "extensions"})
_USER = frozenset({"token", "client-certificate-data", "client-key-data", "extensions"})
_REFUSED_FIELDS = {
    "exec": "exec_plugin",
    "auth-provider": "auth_provider",
    "certificate-authority": "file_path",
    "client-certificate": "file_path",
    "client-key": "file_path",
    "tokenFile": "file_path",
    "proxy-url": "proxy_url",
    "insecure-skip-tls-verify": "insecure_skip_tls_verify",
    "tls-server-name": "tls_server_name",
    "as": "impersonation",
    "as-uid": "impersonation",
    "as-groups": "impersonation",
    "as-user-extra": "impersonation",
    "username": "basic_auth",
    "password": "basic_auth",
}
_MESSAGES = {
    "exec_plugin": "It runs a command to get a credential; use a token or a client certificate instead",
    "auth_provider": "It asks an auth provider for a credential; use a token or a client certificate instead",
    "file_path": "It names a file; put the content in instead, as data (kubectl config view --raw --flatten)",
    "proxy_url": "It goes through a proxy, which would see the credential",
    "insecure_skip_tls_verify": "It does not verify the server; give the certificate authority instead",
    "tls_server_name": "It expects another name in the server's certificate than the one it connects to",
    "impersonation": "It acts as somebody else",
    "basic_auth": "It has a password; use a token or a client certificate instead",
}

_TOKEN_RE = re.compile(r"[A-Za-z0-9._~+/:-]+=*")
_PATH_RE = re.compile(r"(/[A-Za-z0-9_.~:-]+)*/?")
_FIELD_RE = re.compile(r"[A-Za-z][A-Za-z-]{0,39}")


@dataclass(frozen=True)
class Credentials:
    """Where a cluster is and how it knows us: a token, or a client certificate with its key; all PEM texts checked."""

    server: str
    ca_data: str
    token: str | None = field(default=None, repr=False)
    client_certificate: str | None = None
    client_key: str | None = field(default=None, repr=False)

    @classmethod
    def direct(cls, server: str, ca: str, token: str) -> Credentials:
        """From what somebody typed: URL, PEM text and token, by the same rules. KubeconfigRefused."""
        if not all(isinstance(text, str) for text in (server, ca, token)):
            refuse("wrong_type", "Server, certificate authority and token are texts")
        if len(ca) > MAX_BYTES:
            refuse("too_large", "The certificate authority is too large")
        if not ca.strip():
            refuse("missing_ca", "The certificate authority is missing")
        if not token:
            refuse("no_credentials", "The token is missing")
        return cls(_server(server), certificates(ca), _token(token))


def parse(text: str | bytes, *, context: str | None = None) -> Credentials:
    """The credentials of a context, of the current one unless given. KubeconfigRefused for whatever is not sound.

    The whole file is judged, not only the context: a command in another user's entry refuses it too.
    """
    config = _mapping(load(text), "the file")
    _check_fields(config, _TOP)
    if config.get("kind") not in (None, "Config") or config.get("apiVersion") not in (None, "v1"):
        refuse("not_a_kubeconfig", "It is not a v1 Config")
    clusters = _named(config, "clusters", "cluster", _CLUSTER)
    users = _named(config, "users", "user", _USER)
    contexts = _named(config, "contexts", "context", _CONTEXT)
    name = context or _string(config, "current-context")
    if not name:
        refuse("no_context", "It has no current context, and none was chosen")
    if name not in contexts:
        refuse("unknown_context", "The context is not in the file")
    chosen = contexts[name]
    cluster_name, user_name = _string(chosen, "cluster"), _string(chosen, "user")
    if cluster_name not in clusters:
        refuse("unknown_cluster", "The cluster of the context is not in the file")
    if user_name not in users:
        refuse("unknown_user", "The user of the context is not in the file")
    return _credentials(clusters[cluster_name], users[user_name])


def _credentials(cluster: dict[str, Any], user: dict[str, Any]) -> Credentials:
    server = _server(_string(cluster, "server"))
    ca = _decoded(cluster, "certificate-authority-data")
    if not ca:
        refuse("missing_ca", "The certificate authority of the cluster is missing")
    token = _string(user, "token")
    certificate, key = _decoded(user, "client-certificate-data"), _decoded(user, "client-key-data")
    if token and (certificate or key):
        refuse("both_credentials", "It has a token and a client certificate; leave one of them")
    if token:
        return Credentials(server, certificates(ca), _token(token))
    if not certificate and not key:
        refuse("no_credentials", "The user has neither a token nor a client certificate")
    if not certificate or not key:
        refuse("half_certificate", "A client certificate needs its key, and a key its certificate")
    return Credentials(server, certificates(ca), None, certificates(certificate), private_key(key))


def _check_fields(entry: dict[str, Any], allowed: frozenset[str]) -> None:
    for name, value in entry.items():
        if name in _REFUSED_FIELDS:
            # `insecure-skip-tls-verify: false` and empty fields say nothing.
            if value is not None and value is not False and value != "":
                code = _REFUSED_FIELDS[name]
                refuse(code, _MESSAGES[code])
        elif name not in allowed:
            shown = name if _FIELD_RE.fullmatch(name) else "one with an odd name"
            refuse("unknown_field", f"It has a field that is not known: {shown}")


def _named(config: dict[str, Any], part: str, inner: str, allowed: frozenset[str]) -> dict[str, dict[str, Any]]:
    """The entries of a list of {name, cluster|user|context}, by name; each is judged."""
    entries = config.get(part)
    if entries is not None and not isinstance(entries, list):
        refuse("wrong_type", f"{part} is not a list")
    found: dict[str, dict[str, Any]] = {}
    for entry in entries or []:
        outer = _mapping(entry, f"an entry of {part}")
        _check_fields(outer, frozenset({"name", inner}))
        name, body = _string(outer, "name"), outer.get(inner)
        values = {} if body is None else _mapping(body, inner)
        _check_fields(values, allowed)
        if not name:
            refuse("missing_name", f"An entry of {part} has no name")
        if name in found:
            refuse("duplicate_name", f"Two entries of {part} have the same name")
        found[name] = values
    return found


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        refuse("wrong_type", f"{what} is not a mapping")
    return value


def _string(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        refuse("wrong_type", f"{name} is not a text")
    return value


def _server(url: str) -> str:
    if not url:
        refuse("bad_url", "The server is missing")
    if not url.isascii() or not url.isprintable() or any(letter in url for letter in ' \\"<>%'):
        refuse("bad_url", "The server's URL has characters that a URL does not need")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        refuse("bad_url", "The server is not a URL")
    if parts.scheme != "https":
        refuse("not_https", "The server is not reached by https")
    if "@" in parts.netloc:
        refuse("userinfo_in_url", "The server's URL carries a user")
    if "?" in url or "#" in url or not _PATH_RE.fullmatch(parts.path) or {".", ".."} & set(parts.path.split("/")):
        refuse("bad_url", "The server's URL has more than a host, a port and a plain path")
    try:
        check_host(host)
    except AddressRefused:
        refuse("bad_host", "The server's host is neither a DNS name nor an address in its usual form")
    if parts.netloc.endswith(":") or (port is not None and not 0 < port <= _MAX_PORT):
        refuse("bad_url", "The server's port is not a port")
    shown = f"[{host}]" if ":" in host else host
    return f"https://{shown}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def _token(token: str) -> str:
    if len(token) > _MAX_TOKEN or not _TOKEN_RE.fullmatch(token):
        refuse("bad_token", "The token has characters that a bearer token cannot have")
    return token


def _decoded(entry: dict[str, Any], name: str) -> str:
    """The text in a base64 field, "" when there is none."""
    try:
        return from_base64(_string(entry, name)).decode("ascii")
    except ValueError:
        refuse("bad_base64", f"{name} is not the base64 of a text")
