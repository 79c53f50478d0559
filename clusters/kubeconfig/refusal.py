"""How a kubeconfig is refused. Pure."""

from __future__ import annotations

from typing import NoReturn


class KubeconfigRefused(Exception):  # noqa: N818 - a refusal is an answer to the caller, as in paas.core.errors
    """A kubeconfig that is not taken; `code` for machines, the message for people, without a word of the file."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def refuse(code: str, message: str) -> NoReturn:
    """Raise KubeconfigRefused."""
    # What it was raised over may quote the file, and with it a credential.
    raise KubeconfigRefused(code, message) from None
