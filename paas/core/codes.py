"""Every code that a refusal of the API can carry, read from the source of those who refuse.

A refusal is written `Conflict("host_taken", "…", rule="…", remedy="…")`, wherever it is raised; what varies in its
words is shown as "…". `manage.py problems_reference` makes docs/problems.md of it, and a test keeps that page complete.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from paas.core import errors
from paas.core.problems import CODES

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("paas", "clusters", "apps")
# The command's own failures and the faults of the audit trail are no refusals; the framework's are read from CODES.
APART = (ROOT / "paas/cli", ROOT / "paas/core/problems.py", ROOT / "paas/core/audit/verify.py")
# What services turn into an Invalid of the same code, and how many arguments stand before its message.
RAISED_BELOW = {"RenderError": 2, "Fault": 2, "KubeconfigRefused": 1, "refuse": 1, "_claim": 4}
# How a text is marked that the console says in the reader's language.
MARKED = {"_", "gettext_noop"}
VARIES = "…"

_STATUS = {
    name: int(kind.status)
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.Refusal)
}
_PLACE = re.compile(r"%\(\w+\)[sd]")
_CODE = re.compile(rf"[a-z0-9_{VARIES}]+")


@dataclass(order=True)
class Code:
    """A code, the room it is refused in, and what is said with it. `…` in a code stands for a name."""

    room: str
    code: str
    status: int
    messages: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    remedies: list[str] = field(default_factory=list)


def codes() -> list[Code]:
    """All of them, by room and name."""
    found: dict[tuple[str, str], Code] = {}
    for each in (*_frameworks(), *_written()):
        known = found.setdefault((each.room, each.code), each)
        for mine, more in ((known.messages, each.messages), (known.rules, each.rules), (known.remedies, each.remedies)):
            mine += [text for text in more if text and text not in mine]
    return sorted(found.values())


def unread() -> list[str]:
    """Places that refuse with a code that this module cannot read."""
    return [f"{path.relative_to(ROOT)}:{call.lineno}" for path, call, found in _calls() if not found]


def _frameworks() -> Iterator[Code]:
    for kind, code in CODES.items():
        yield Code("paas", code, kind.status_code, [re.sub("{.*?}", VARIES, str(kind.default_detail))])
    yield Code("paas", "internal_error", 500, ["Something went wrong on our side."])
    yield Code("paas", "database_unavailable", 503, ["The platform's database does not answer."])
    yield Code("paas", "invalid", 400, ["What is wrong with each field, in `errors`."])


def _written() -> Iterator[Code]:
    for path, call, found in _calls():
        name = _name(call.func)
        said = {each.arg: _text(each.value) for each in call.keywords}
        for code, message in found:
            yield Code(
                path.relative_to(ROOT).parts[0],
                code,
                _STATUS.get(name, int(HTTPStatus.BAD_REQUEST)),
                [message],
                [said.get("rule", "")],
                [said.get("remedy", "")],
            )


def _calls() -> Iterator[tuple[Path, ast.Call, list[tuple[str, str]]]]:
    """Every call that makes a refusal, with the (code, message) pairs it may have."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if any(map(path.is_relative_to, APART)) or "migrations" in path.parts:
                continue
            for function in _functions(ast.parse(path.read_text(encoding="utf-8"))):
                for call in (each for each in ast.walk(function) if isinstance(each, ast.Call)):
                    if (_name(call.func) in _STATUS or _name(call.func) in RAISED_BELOW) and not _passed_on(call):
                        yield path, call, list(_pairs(call, function))


def _functions(tree: ast.Module) -> Iterable[ast.AST]:
    """The outermost functions, those of classes too."""
    for node in tree.body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        yield from (each for each in inner if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))


def _passed_on(call: ast.Call) -> bool:
    """A code that another refusal carries, or that the caller gives: it is read where it is written."""
    code = _argument(call)
    if isinstance(code, ast.Attribute):
        return True
    return isinstance(code, ast.Name) and _name(call.func) in RAISED_BELOW


def _argument(call: ast.Call) -> ast.expr | None:
    place = 3 if _name(call.func) == "_claim" else 0
    return call.args[place] if len(call.args) > place else None


def _pairs(call: ast.Call, function: ast.AST) -> Iterator[tuple[str, str]]:
    code = _argument(call)
    if code is None:
        return
    if text := _text(code):
        place = RAISED_BELOW.get(_name(call.func), 1)
        yield text, _message(call.args[place], function) if len(call.args) > place else ""
        return
    # A name: its values stand beside their messages in the same function.
    for each in ast.walk(function):
        if isinstance(each, ast.Tuple):
            for one, other in zip(each.elts, each.elts[1:], strict=False):
                if isinstance(one, ast.Constant) and _CODE.fullmatch(str(one.value)) and _text(other):
                    yield str(one.value), _text(other)


def _message(node: ast.expr, function: ast.AST) -> str:
    """A text, or what was assigned to its name in the same function."""
    if isinstance(node, ast.Name):
        given = [each.value for each in ast.walk(function) if isinstance(each, ast.Assign) and _is(each, node.id)]
        return _text(given[0]) if given else ""
    return _text(node)


def _is(assignment: ast.Assign, name: str) -> bool:
    return [_name(each) for each in assignment.targets] == [name]


def _text(node: ast.expr) -> str:
    """A text as it is written, `…` for each part that varies; "" for what is no text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(each) if isinstance(each, ast.Constant) else VARIES for each in node.values)
    if isinstance(node, ast.BinOp):
        return _text(node.left) + (_text(node.right) or VARIES)
    if isinstance(node, ast.Call) and _name(node.func) in MARKED and node.args:
        return _PLACE.sub(VARIES, _text(node.args[0])).replace("%%", "%")
    return ""


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
