"""What was sent and answered, as the OpenAPI file shows it: without what differs from one run to the next, and short.
Moments of the nineties of this century stay: requests name them. Pure.
"""

import json
import re
from itertools import count

DATE, TIME = "2026-11-24", "10:00:00"
# The lists that grow with what is there; the first of each shows what they hold.
CUT = ("results", "events")
SECRET = ("token", "access_token", "password", "ticket", "device_code", "user_code", "ca_data")
VARYING = {"age_seconds": 0, "unsealed": 0, "id": 1}
# The form of the app file, a thousand lines of it.
LEFT_OUT = ("app_file_schema",)


def examples(asked):
    """{operation: {"request", "answers": {status: {title: value}}}} of the first request of each kind."""
    found = {}
    for each in asked:
        if each.operation in LEFT_OUT:
            continue
        kept = found.setdefault(each.operation, {"answers": {}})
        if each.body is not None:
            kept.setdefault("request", steady(each.body))
        title = "dry run" if each.dry else "answer"
        if each.answer.content:
            kept["answers"].setdefault(str(each.answer.status_code), {}).setdefault(title, steady(_said(each.answer)))
    return found


def written(found):
    """The file."""
    return json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def steady(value):
    """The same in each run. Ids keep which of them are the same."""
    return _steady(_first(value), {})


def _said(answer):
    return answer.json() if answer["Content-Type"] == "application/json" else answer.content.decode()


def _first(value):
    return value[:1] if isinstance(value, list) else value


def _steady(value, ids, key=""):
    if isinstance(value, dict):
        return {_text(name, ids): _steady(_cut(name, inner), ids, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_steady(inner, ids) for inner in value]
    if isinstance(value, str):
        return "…" if value and key in SECRET else _text(value, ids)
    return VARYING[key] if key in VARYING and isinstance(value, int) else value


def _cut(name, value):
    return _first(value) if name in CUT else value


def _text(text, ids):
    """Ids are numbered in the order in which they come."""
    numbers = count(len(ids) + 1)

    def numbered(found):
        if found[0] not in ids:
            ids[found[0]] = f"00000000-0000-4000-8000-{next(numbers):012}"
        return ids[found[0]]

    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", numbered, text)
    text = re.sub(r"\b[0-9a-f]{64}\b", "0123456789abcdef" * 4, text)
    text = re.sub(r"(?<=-)[0-9a-f]{8}\b(?!-)", "1a2b3c4d", text)
    text = re.sub(r"\bdgt_[0-9a-f]{4,20}\b", "dgt_1a2b", text)
    text = re.sub(r"\bcode=[A-Z0-9-]+", "code=…", text)
    text = re.sub(r"\bcursor=[^&]+", "cursor=…", text)
    text = re.sub(r"(?<!\d)20[0-8]\d-\d\d-\d\d(?!\d)", DATE, text)
    return re.sub(rf"(?<={DATE}[T ])\d\d:\d\d(:\d\d(\.\d+)?)?", _moment, text)


def _moment(found):
    """As exact as it was said: to the minute, or to the second."""
    return TIME[:5] if found[1] is None else TIME
