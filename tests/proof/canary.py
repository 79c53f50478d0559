"""Secrets that are found again wherever they turn up, in the forms that software gives to text. Pure.

net = Net()
password = net.plant("the password of olga")
net.found(answer.content) == ["the password of olga, as it is"]
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import zlib
from collections.abc import Iterator

# A packed stream says so by its first bytes; in base64 these are the same letters each time: of gzip, and of zlib, by
# which Django packs what it signs.
GZIP, ZLIB = b"\x1f\x8b\x08", (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
PACKED_IN_BASE64 = re.compile(rb"(?:H4sI|eJ[w-z])[A-Za-z0-9+/_-]{8,}")
MOST = 64 * 1024 * 1024
DEEPEST = 3


def canary() -> str:
    """A new one: letters and digits alone, which escaping leaves as they are."""
    return f"canary{secrets.token_hex(12)}"


class Net:
    """The canaries that were planted, and what finds them."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._forms: dict[bytes, str] = {}

    def plant(self, name: str, secret: str | None = None) -> str:
        """A new canary, or a secret that is known already (16 characters or more), under a name for people."""
        secret = canary() if secret is None else secret
        assert len(secret) >= 16, f"{name} is too short to be told from chance"
        self.names[secret] = name
        self._forms |= {form: f"{name}, {how}" for form, how in forms(secret).items()}
        return secret

    def found(self, data: bytes | str, *, but: frozenset[str] = frozenset()) -> list[str]:
        """What is in the data, with the form it has there; `but` are names of those that may be."""
        layers = list(unpacked(data.encode(errors="surrogatepass") if isinstance(data, str) else data))
        told = {how for form, how in self._forms.items() if any(form in layer for layer in layers)}
        return sorted(how for how in told if how.rpartition(", ")[0] not in but)


def forms(secret: str) -> dict[bytes, str]:
    """How the secret can look, and what made it look so."""
    raw = secret.encode()
    found = {
        raw: "as it is",
        raw.hex().encode(): "in hex",
        raw.hex().upper().encode(): "in hex",
        "".join(f"%{each:02X}" for each in raw).encode(): "as in a URL",
        "".join(f"%{each:02x}" for each in raw).encode(): "as in a URL",
        "".join(f"\\u{each:04x}" for each in raw).encode(): "as in JSON",
        "".join(f"&#{each};" for each in raw).encode(): "as in HTML",
        "".join(f"&#x{each:x};" for each in raw).encode(): "as in HTML",
        raw[::-1]: "backwards",
        secret.encode("utf-16-le"): "in UTF-16",
    }
    for offset in range(3):
        for altchars in (b"+/", b"-_"):
            found[_base64(raw, offset, altchars)] = f"in base64 at offset {offset}"
    return found


def unpacked(data: bytes, depth: int = DEEPEST) -> Iterator[bytes]:
    """The data, and whatever is packed in it by gzip or zlib, also inside base64, also within each other."""
    yield data
    if not depth:
        return
    starts = [each.start() for each in re.finditer(re.escape(GZIP), data)]
    packed = [_inflated(data[start:]) for start in starts]
    if data.startswith(ZLIB):
        packed.append(_inflated(data))
    packed += [_decoded(each.group()) for each in PACKED_IN_BASE64.finditer(data)]
    for inner in filter(None, packed):
        yield from unpacked(inner, depth - 1)


def _base64(raw: bytes, offset: int, altchars: bytes) -> bytes:
    """What stays the same of the encoded secret whatever stands around it, `offset` bytes after a multiple of three."""
    encoded = base64.b64encode(b"\0" * offset + raw, altchars=altchars)
    return encoded[-(-offset * 8 // 6) : (offset + len(raw)) * 8 // 6]


def _inflated(data: bytes) -> bytes:
    """As far as it can be read: a stream may be cut, or followed by something else."""
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(data, MOST)
    except zlib.error:
        return b""


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text[: len(text) // 4 * 4], altchars=b"-_" if {*b"-_"} & {*text} else b"+/")
    except binascii.Error:
        return b""
