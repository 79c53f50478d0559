"""Where API tokens are kept: the system's keyring, or where there is none a file that only its owner may read."""

from __future__ import annotations

import json

import keyring
from keyring.errors import KeyringError

from paas.cli.contexts import folder, read_json, write_private

SERVICE = "dougong"
FILE = "tokens.json"


def store(key: str, token: str) -> str:
    """Keep a token; returns where it went, for people."""
    try:
        keyring.set_password(SERVICE, key, token)
        if keyring.get_password(SERVICE, key) == token:  # a backend that takes everything and keeps nothing exists
            _forget_in_file(key)
            return "the keyring"
    except KeyringError:
        pass
    path = folder() / FILE
    write_private(path, json.dumps({**read_json(path), key: token}, indent=2))
    return str(path)


def load(key: str) -> str:
    """The token, "" where there is none."""
    if kept := read_json(folder() / FILE).get(key):
        return str(kept)
    try:
        return keyring.get_password(SERVICE, key) or ""
    except KeyringError:
        return ""


def forget(key: str) -> None:
    """Remove the token from wherever it is."""
    try:
        if keyring.get_password(SERVICE, key) is not None:
            keyring.delete_password(SERVICE, key)
    except KeyringError:
        pass  # no keyring, nothing in it
    _forget_in_file(key)


def _forget_in_file(key: str) -> None:
    path = folder() / FILE
    kept = read_json(path)
    if kept.pop(key, None) is not None:
        write_private(path, json.dumps(kept, indent=2))
