"""docs/comparison.md, "By the clock": Dougong's figures are the medians of docs/bench/results.json, in two digits."""

import json
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
SPENT = "one application again and again: repaired"
FIGURES = {
    r"\| 200 applications .*?\|(.*?)\|": ("throughput", "dougong: time", "dougong: time until all are Healthy"),
    r"\| a look at settled .*?\|(.*?)\|": ("sweep", "time"),
    r"\| a deleted Deployment .*?\|(.*?)\|": ("repair", "deleted: p50", "deleted: max"),
    r"\| an edited field .*?\|(.*?)\|": ("repair", "edited: p50", "edited: max"),
    r"\| the same application .*?\|(.*?)\|": ("drift", f"{SPENT}, p50", f"{SPENT}, p99"),
    r"(A raw client .*)": ("throughput", "raw: time", "kubectl: time"),
}


@pytest.mark.parametrize("place", FIGURES)
def test_its_figures_are_those_that_were_measured(place):
    part, *names = FIGURES[place]
    results = json.loads((DOCS / "bench" / "results.json").read_text())["figures"][part]["measures"]
    medians = {each["name"]: f"{each['median']:.2g} {each['unit'].partition('/')[0]}" for each in results}
    [told] = re.findall(place, (DOCS / "comparison.md").read_text())
    assert re.findall(r"\d[\d.]* (?:s|ms)\b", told) == [medians[name] for name in names]
