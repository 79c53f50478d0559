"""Each link of each page leads to a file and a heading that are there, and each page is found from docs/README.md."""

from pathlib import Path

import pytest

from tests.docs.links import anchors, links

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
MOST_PICTURES, LARGEST = 10, 200 * 1024
OUTSIDE = ("https://", "http://", "mailto:")
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "bench").rglob("*.md")])
PAGE = """\
# A page of `code`, and more

See [this](#here) and [that][1], `[not](that)`, ![a picture](images/a.png "A picture").

    [nor](that)

## Here
## Here

```
[nor](this)
# nor this
```
"""


def inside(page):
    """(what is written, the file, the anchor) of each link of the page that stays in the repository."""
    for target in links(page.read_text()):
        if not target.startswith(OUTSIDE):
            path, _, anchor = target.partition("#")
            yield target, (page.parent / path).resolve() if path else page, anchor


def test_links_and_anchors_are_found_as_a_reader_finds_them():
    assert links(PAGE) == ["#here", "images/a.png"]
    assert anchors(PAGE) == {"a-page-of-code-and-more", "here", "here-1"}


@pytest.mark.parametrize("doc", PAGES, ids=lambda doc: str(doc.relative_to(ROOT)))
def test_each_leads_somewhere(doc):
    astray = [
        target
        for target, file, anchor in inside(doc)
        if not file.exists() or ROOT not in file.parents or (anchor and anchor not in anchors(file.read_text()))
    ]
    assert astray == []


def test_each_page_is_found_from_the_first():
    found, next_ = set(), [DOCS / "README.md"]
    while next_:
        page = next_.pop()
        found.add(page)
        next_ += [file for _, file, _ in inside(page) if file.suffix == ".md" and file not in found]
    assert sorted(set(DOCS.rglob("*.md")) - found) == []


def test_pictures_are_few_and_small_and_each_is_shown():
    there = sorted((DOCS / "images").iterdir())
    shown = {file for page in PAGES for _, file, _ in inside(page)}
    assert [each.name for each in there if each not in shown] == []
    assert len(there) <= MOST_PICTURES
    assert [each.name for each in there if each.stat().st_size > LARGEST] == []
