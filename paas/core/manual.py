"""Where the docs tell what a word of the platform means. Called by the console, which shows such words.

The pages are tables; a text fragment leads to the word's row and marks it.
"""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings
from django.utils.html import format_html

REFUSALS, CONDITIONS = "problems", "conditions"


def linked(page: str, word: str, shown: str = "") -> str:
    """The word, or what is shown for it, as a link to the page that tells what it means.

    Without a link where nobody said where the docs are.
    """
    place = str(settings.DOUGONG.docs_url).rstrip("/")
    if not place or not word:
        return shown or word
    address = f"{place}/{page}.html#:~:text={quote(word)}"
    return format_html('<a class="dg-link" href="{}" rel="help">{}</a>', address, shown or word)
