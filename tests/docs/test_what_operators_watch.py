"""docs/operating.md tells every event that is logged as a warning or an error, and every metric; its questions to the
database can be asked."""

import ast
import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from clusters.models import Cluster, Work
from tests.docs.transcript import blocks

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "operating.md").read_text()
LOUD = {"warning", "error", "exception"}
# Of django_structlog, for what nobody caught.
OTHERS = {"request_failed", "task_failed"}
QUESTIONS = [text for language, text, _ in blocks(PAGE) if language == "sql"]


def source():
    """Each module of the product."""
    return [path.read_text() for room in ("paas", "clusters", "apps") for path in (ROOT / room).rglob("*.py")]


def logged():
    """{(event, level)} of every call of a logger in the source."""
    for text in source():
        for node in ast.walk(ast.parse(text)):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="log" | "logger"), attr=level),
                    args=[ast.Constant(value=str(event)), *_],
                ):
                    yield event, level


def test_events_that_an_operator_should_know():
    told = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)))
    loud = {event for event, level in logged() if level in LOUD}
    assert len(loud) > 10
    assert loud - told == set()
    rows = {
        name
        for row in re.findall(r"^\| (`.+?) \| (?:error|warning|info)", PAGE, re.MULTILINE)
        for name in row.split(", ")
    }
    assert {name.strip("`") for name in rows} - {event for event, _ in logged()} - OTHERS == set()


def test_metrics():
    made = {name for text in source() for name in re.findall(r'(?:Counter|Gauge|Histogram)\("(dougong_\w+)"', text)}
    assert made == set(re.findall(r"`(dougong_\w+)`", PAGE))


@pytest.mark.django_db
def test_questions_to_the_database():
    cluster = Cluster.objects.create(
        name="east", server="https://198.51.100.7:6443",
        conditions=[{"type": "Reachable", "status": "False", "reason": "TimedOut", "message": "No answer."}],
    )  # fmt: skip
    minute_ago = timezone.now() - timedelta(minutes=1)
    Work.objects.create(cluster=cluster, name="a", owner_kind="test", owner_id=uuid4(), next_check_at=minute_ago)
    [text] = QUESTIONS
    due, ill = (each for each in text.split(";") if each.strip())
    with connection.cursor() as cursor:
        cursor.execute(due)
        count, oldest = cursor.fetchone()
        assert (count, oldest < timedelta(minutes=2)) == (1, True)
        cursor.execute(ill)
        assert cursor.fetchall() == [("east", "Reachable", "TimedOut", "No answer.")]
