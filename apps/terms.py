"""The words app files and building blocks are made of: constrained types with the phrase an error uses for them.

A block annotates its `Params` with these, so forms, JSON Schema and errors agree and a block file needs no framework.
Patterns stay inside the common ground of ECMA 262 and Rust regular expressions. Pure.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from apps.cron import check as check_cron
from apps.timezones import ZONES
from apps.wording import marked as _
from apps.wording import worded

PHRASES: dict[str, str] = {}
"""What each pattern (or map key pattern) stands for, in the words of an error: "expected <phrase>". Message ids."""


def text(phrase: str, pattern: str, *, longest: int) -> Any:
    """Constraint of a string of at most `longest` characters that matches `pattern` whole."""
    PHRASES[pattern] = phrase
    return Field(pattern=pattern, max_length=longest)


def whole(least: int, most: int) -> Any:
    """Constraint of an integer, both ends included."""
    return Field(ge=least, le=most)


_NUL_FREE = "^[^\\x00]*$"
_LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_SEGMENT = r"\.?[A-Za-z0-9_~-][A-Za-z0-9._~-]*"
_CPU = r"^([1-9][0-9]{0,6}m|[1-9][0-9]{0,3}(\.[0-9]{1,3})?|0\.([1-9][0-9]{0,2}|0[1-9][0-9]?|00[1-9]))$"

Name = Annotated[
    str,
    text(
        _("a name of lower-case letters, digits and -, beginning with a letter"),
        "^[a-z]([-a-z0-9]*[a-z0-9])?$",
        longest=63,
    ),
]
"""A DNS-1035 label: the strictest rule of the objects that will carry it (Service)."""

PortName = Annotated[
    str,
    text(
        _("a port name of lower-case letters and digits in parts joined by -"),
        "^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        longest=15,
    ),
]
PortNumber = Annotated[int, whole(1, 65535)]

EnvName = Annotated[
    str, text(_("the name of an environment variable (letters, digits, _)"), "^[A-Za-z_][A-Za-z0-9_]*$", longest=253)
]
EnvValue = Annotated[str, text(_("a text (numbers, true and false in quotes)"), _NUL_FREE, longest=131_072)]
Argument = Annotated[str, text(_("a text (numbers, true and false in quotes)"), _NUL_FREE, longest=131_072)]


def givable(value: str) -> bool:
    """Whether a process can be given the text: it ends at no NUL, and is made of characters."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in value


Memory = Annotated[
    str, text(_("an amount of memory with its unit, such as 64Mi"), "^[1-9][0-9]{0,8}(Ki|Mi|Gi|k|M|G)$", longest=11)
]
Host = Annotated[
    str,
    text(
        _("a lower-case host name such as shop.example.org"),
        rf"^({_LABEL}\.)+[a-z]([-a-z0-9]{{0,61}}[a-z0-9])?$",
        longest=253,
    ),
]
Path = Annotated[
    str,
    text(
        _("a path that begins with / and does not end with one, such as /api"),
        rf"^/({_SEGMENT}(/{_SEGMENT})*)?$",
        longest=512,
    ),
]
MountPath = Annotated[
    str,
    text(
        _("an absolute path below /, such as /etc/app"),
        rf"^/{_SEGMENT}(/{_SEGMENT})*$",
        longest=512,
    ),
]
HostName = Annotated[
    str, text(_("a lower-case host name such as db or db.example.org"), rf"^{_LABEL}(\.{_LABEL})*$", longest=253)
]
FileName = Annotated[
    str,
    text(_("a file name of letters, digits, -, _ and ."), r"^\.?[A-Za-z0-9_-][A-Za-z0-9._-]*$", longest=253),
]
FileText = Annotated[str, text(_("a text (numbers, true and false in quotes)"), _NUL_FREE, longest=262_144)]
Image = Annotated[
    str,
    text(
        _("an image by digest (registry/name@sha256:<64 hex digits>): what a tag names can change after it was tested"),
        r"^[a-z0-9]+([.-][a-z0-9]+)*(:[0-9]{1,5})?(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)+(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?@sha256:[0-9a-f]{64}$",
        longest=512,
    ),
]
LabelKey = Annotated[
    str,
    text(
        _("the key of a label, such as region or example.org/region"),
        rf"^({_LABEL}(\.{_LABEL})*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?$",
        longest=317,
    ),
]
LabelValue = Annotated[
    str,
    text(
        _("the value of a label, at most 63 letters, digits, -, _ and ."),
        "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$",
        longest=63,
    ),
]


def _millicores(value: object) -> object:
    """A bare number of cores, as people write it, in the one spelling that needs no rounding later."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0.001 <= value <= 1024:  # noqa: PLR2004 - the bounds of _CPU_SCHEMA
        return f"{round(value * 1000)}m"
    return value


def _address(value: str) -> str:
    """In its one usual spelling: API servers refuse others, and two spellings of one would pass for two."""
    try:
        found = ipaddress.ip_address(value)
        if str(found) == value and getattr(found, "ipv4_mapped", None) is None and "%" not in value:
            return value
    except ValueError:
        pass
    raise ValueError(worded(_("an IP address such as 192.0.2.1 or 2001:db8::1")), f'"{value}"')


def _network(value: str) -> str:
    try:
        if str(ipaddress.ip_network(value)) == value:
            return value
    except ValueError:
        pass
    raise ValueError(worded(_("a network such as 192.0.2.0/24, its host part zero")), f'"{value}"')


IpAddress = Annotated[
    str,
    text(_("an IP address such as 192.0.2.1 or 2001:db8::1"), "^[0-9a-f:.]+$", longest=45),
    AfterValidator(_address),
]
Cidr = Annotated[
    str, text(_("a network such as 192.0.2.0/24"), "^[0-9a-f:.]+/[0-9]{1,3}$", longest=49), AfterValidator(_network)
]
AnnotationText = Annotated[str, text(_("a text (numbers, true and false in quotes)"), _NUL_FREE, longest=4096)]


def _cron(value: str) -> str:
    try:
        check_cron(value)
    except ValueError as error:
        raise ValueError(worded(_("a cron expression such as 30 3 * * 1-5")), str(error)) from None
    return value


def _zone(value: str) -> str:
    if value not in ZONES:
        raise ValueError(worded(_("the name of an IANA time zone such as Europe/Berlin")), f'"{value}"')
    return value


Cron = Annotated[
    str,
    text(_("a cron expression such as 30 3 * * 1-5"), "^[0-9A-Za-z*/, -]+$", longest=128),
    AfterValidator(_cron),
]
TimeZone = Annotated[
    str,
    text(_("the name of an IANA time zone such as Europe/Berlin"), "^[A-Za-z0-9/_+-]+$", longest=64),
    AfterValidator(_zone),
]
ConcurrencyPolicy = Literal["Allow", "Forbid", "Replace"]


def _number(value: object) -> object:
    """A bare number as a text, so that there is one type of value."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_NUMBER_OR_SHARE = "^([1-9][0-9]{0,2}|[1-9][0-9]?%)$"
NumberOrShare = Annotated[
    str,
    text(_("a number from 1 to 999, or a share from 1% to 99%"), _NUMBER_OR_SHARE, longest=3),
    BeforeValidator(_number),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": _NUMBER_OR_SHARE}, {"type": "integer", "minimum": 1, "maximum": 999}]}
    ),
]

_NUMBER_OR_PERCENT = "^[1-9][0-9]{0,2}%?$"
NumberOrPercent = Annotated[
    str,
    text(_("a number from 1 to 999, with or without %"), _NUMBER_OR_PERCENT, longest=4),
    BeforeValidator(_number),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": _NUMBER_OR_PERCENT},
                {"type": "integer", "minimum": 1, "maximum": 999},
            ]
        }
    ),
]

_CPU_SCHEMA = {"anyOf": [{"type": "string", "pattern": _CPU}, {"type": "number", "minimum": 0.001, "maximum": 1024}]}
Cpu = Annotated[
    str,
    text(_("an amount of CPU, such as 250m or 1.5"), _CPU, longest=8),
    BeforeValidator(_millicores),
    WithJsonSchema(_CPU_SCHEMA),
]

Count = Annotated[int, whole(0, 1000)]
Positive = Annotated[int, whole(1, 1000)]
Percent = Annotated[int, whole(1, 1000)]
"""Of a request, which a process may exceed."""
GraceSeconds = Annotated[int, whole(1, 3600)]
Storage = Annotated[
    str, text(_("an amount of storage with its unit, such as 10Gi"), "^[1-9][0-9]{0,5}(Mi|Gi|Ti)$", longest=8)
]
Weight = Annotated[int, whole(1, 1000)]
Replicas = Literal["duplicated", "divided"]
VerticalMode = Literal["Off", "Initial", "Recreate"]
VerticalResource = Literal["cpu", "memory"]
AccessMode = Literal["ReadWriteOnce", "ReadWriteMany"]
RunSeconds = Annotated[int, whole(1, 604_800)]
StartingDeadlineSeconds = Annotated[int, whole(10, 86_400)]
"""From 10 on: a controller looks every 10 seconds and would start nothing before a shorter one is over."""
Retries = Annotated[int, whole(0, 10)]
WindowSeconds = Annotated[int, whole(0, 3600)]
PolicySeconds = Annotated[int, whole(1, 1800)]
History = Annotated[int, whole(0, 100)]
UserId = Annotated[int, whole(1, 2_147_483_647)]
