"""Reads the texts of the console out of templates and Python, and the catalogue that translates them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "locale/zh_Hans/LC_MESSAGES/django.po"
MARKERS = ("django.utils.translation", "apps.wording")
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext"}
_STRING = r"""u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_MARKED = re.compile(rf"(?:\bn?gettext|\b_)\({_STRING}(?:,\s*{_STRING})?")
_VISIBLE = re.compile(r"""\b(?:aria-label|title|placeholder|alt)=(?:"([^"]*)"|'([^']*)')""")


def modules() -> list[Path]:
    """Python that says something in the console; what services and models say is the API's too, and English."""
    files = [
        ROOT / "paas/identity/admin.py",
        ROOT / "paas/identity/break_glass_pages.py",
        ROOT / "paas/identity/hold_pages.py",
        ROOT / "paas/identity/meanings.py",
        ROOT / "paas/identity/member_pages.py",
        ROOT / "paas/identity/overviews.py",
        ROOT / "paas/identity/pages.py",
        ROOT / "paas/identity/adapters.py",
        ROOT / "paas/identity/person_pages.py",
        ROOT / "paas/identity/search.py",
        ROOT / "paas/identity/sign_in_pages.py",
        ROOT / "paas/identity/sso_pages.py",
        ROOT / "paas/identity/revocation_pages.py",
        ROOT / "paas/core/audit/console.py",
        ROOT / "paas/settings.py",
    ]
    for folder in ("paas/core", "apps/admin", "clusters/admin"):
        files += (ROOT / folder).glob("*.py")
    return sorted(files)


def marking() -> list[Path]:
    """Python that marks texts: the console's, and services whose refusals it says in the reader's language."""
    found = [path for room in ("apps", "clusters", "paas") for path in (ROOT / room).rglob("*.py")]
    return sorted(path for path in found if any(each in path.read_text() for each in MARKERS))


def templates() -> list[Path]:
    """All of ours."""
    return sorted((ROOT / "templates").rglob("*.html"))


def marked() -> dict[str, str]:
    """Each text that asks for a translation → a file it stands in."""
    found: dict[str, str] = {}
    for path in marking():
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and _name(call.func) in MARKS:
                texts = call.args[: 2 if _name(call.func) == "ngettext" else 1]
                found |= {str(each.value): path.name for each in texts if isinstance(each, ast.Constant)}
    for path in templates():
        for match in _MARKED.finditer(templatize(path.read_text())):
            found |= {ast.literal_eval(text).replace("%%", "%"): path.name for text in match.groups() if text}
    return found


def unmarked_in(template: str) -> list[str]:
    """Words that a template shows as they are."""
    text = re.sub(r"{#.*?#}|<!--.*?-->", "", template, flags=re.S)
    text = re.sub(r"<(code|kbd|script|style)\b.*?</\1>", "", text, flags=re.S)
    text = re.sub(r"<span class=.material-symbols-outlined.*?</span>", "", text, flags=re.S)
    text = re.sub(r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}", "", text, flags=re.S)
    text = re.sub(r"{%.*?%}|{{.*?}}", " ", text, flags=re.S)
    shown = [a or b for a, b in _VISIBLE.findall(text)]
    shown += re.sub(r"<[^>]*>", "\n", text, flags=re.S).split("\n")
    return [each.strip() for each in shown if re.search(r"[A-Za-z]{2,}", each)]


def unmarked_in_includes(template: str) -> list[str]:
    """Words that a template hands to another one to show."""
    included = " ".join(re.findall(r"{%\s*include.*?%}", template))
    return re.findall(r"""\b(?:children|title|label)=("[^"]*[A-Za-z]{2,}[^"]*")""", included)


def unmarked_in_python(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of what is shown to people by its place, and not marked."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or _name(node.func) == "OpenApiParameter":  # of the API, which is English
            continue
        name = _name(node.func)
        shown = [each.value for each in node.keywords if each.arg in {"help_text", "label", "description", "empty"}]
        if name in {"Badge", "Table", "Hit"}:
            shown += node.args[:1]
        if name in {"success", "error", "warning", "info"} and node.args[1:]:
            shown += node.args[1:2]
        for text in shown:
            for each in _plain(text):
                yield node.lineno, each


def catalogue() -> dict[str, list[str]]:
    """Message id → its translations, "" where there is none; what is marked fuzzy counts as none."""
    found: dict[str, list[str]] = {}
    for block in CATALOGUE.read_text().split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        fields: dict[str, str] = {}
        name = ""
        for line in lines:
            if match := re.fullmatch(r'(msg\w+(?:\[\d\])?)\s+(".*")', line):
                name = match[1]
                fields[name] = ast.literal_eval(match[2])
            elif line.startswith('"'):
                fields[name] += ast.literal_eval(line)
        if fields.get("msgid"):
            told = [text for key, text in fields.items() if key.startswith("msgstr")]
            told = ["" for _ in told] if "#, fuzzy" in block else told
            found[fields["msgid"]] = told
            if "msgid_plural" in fields:
                found[fields["msgid_plural"]] = told
    return found


def _name(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def _plain(text: ast.expr) -> Iterator[str]:
    """The words of a literal, as far as they are for people: codes and commands have no space or begin small."""
    parts = [text] if isinstance(text, ast.Constant) else text.values if isinstance(text, ast.JoinedStr) else []
    for part in parts:
        if isinstance(part, ast.Constant) and re.search(r"[A-Za-z]{3,}", str(part.value)):
            yield str(part.value)
