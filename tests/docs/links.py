"""Links and headings of Markdown pages as GitHub takes them. Pure."""

import re

CODE = re.compile(r"^```.*?^```$|`[^`\n]*`|^    .*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)(?: \"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6} (.+?)\s*$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def links(page):
    """Where the page leads, outside code."""
    return LINK.findall(CODE.sub("", page))


def anchors(page):
    """What can stand behind `#` of a link to the page."""
    found = []
    for heading in HEADING.findall(FENCE.sub("", page)):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        again = found.count(slug)
        found.append(f"{slug}-{again}" if again else slug)
    return set(found)
