"""A figure that is taken alone replaces its own part of the result file and of the page; the others stay."""

import json

import pytest

from bench import report
from bench.figure import Figure

NEW, OLD = "1.34.4", "1.33.0"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "results.json"


@pytest.fixture
def page(tmp_path):
    file = tmp_path / "performance.md"
    file.write_text(f"Before.\n{report.BEGIN}\nan old table\n{report.END}\nAfter.\n")
    return file


def test_a_figure_replaces_its_own_part_only(out, page):
    report.write(_taken("repair", 1, commit="a" * 40), out, page)
    report.write(_taken("sweep", 2, commit="b" * 40), out, page)
    report.write(_taken("repair", 3, commit="c" * 40), out, page)
    figures = json.loads(out.read_text())["figures"]
    assert [(name, each["commit"][0], each["measures"][0]["values"]) for name, each in figures.items()] == [
        ("sweep", "b", [2, 2]),
        ("repair", "c", [3, 3]),
    ]


def test_the_page_shows_what_the_file_says_and_keeps_its_prose(out, page):
    report.write(_taken("repair", 1, commit="a" * 40), out, page)
    report.write(_taken("sweep", 0.5, commit="b" * 40), out, page)
    text = page.read_text()
    assert text.startswith(f"Before.\n{report.BEGIN}\n2 × CPU, 8 GiB; Kubernetes {NEW}.\n\n### sweep\n")
    assert text.endswith(f"\n{report.END}\nAfter.\n")
    assert "an old table" not in text
    assert "About repair. (repeats 2) 2026-11-28, commit aaaaaaaaaa and changes.\n" in text
    assert "| time | 0.5 | 0.5 – 0.5 | s | ≤ 1 | yes |" in text


def test_a_figure_of_an_earlier_machine_or_version_says_so(out, page):
    report.write(_taken("repair", 1, commit="a" * 40, version=OLD), out, page)
    report.write(_taken("sweep", 2, commit="b" * 40), out, page)
    report.write(_taken("drift", 2, commit="c" * 40), out, page)
    [said] = [line for line in page.read_text().splitlines() if "On 2 × CPU" in line]
    assert said.startswith("About repair.")
    assert said.endswith(f"On 2 × CPU, 8 GiB; Kubernetes {OLD}.")


def _taken(name, value, *, commit, version=NEW):
    figure = Figure(name, f"About {name}.\n\nMore of it.", {"repeats": 2})
    figure.add("time", "s", [value, value], at_most=1)
    of = {"date": "2026-11-28T20:15:30+00:00", "commit": commit, "changed": True}
    machine = {"cpu": "CPU", "cpus": 2, "memory_gib": 8, "load": [value, 0, 0]}
    return {"machine": machine, "versions": {"Kubernetes": version}, "figures": {name: {**of, **figure.to_json()}}}
