"""The words in which problems of an app file are told: English for the API, the command and all that is kept; the
reader's language where the console reads a file with somebody.

Templates are marked with `_` where they stand. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_translate: ContextVar[Callable[[str], str]] = ContextVar("translate", default=str)


def marked(template: str) -> str:
    """The template as it is; imported as `_`, it is gathered for translation. Django's own asks for its settings, which
    the command `render` has not.
    """
    return template


def worded(template: str, **params: object) -> str:
    """The template in the words that hold here, with what varies in it as `%(name)s`."""
    told = _translate.get()(template)
    return told % params if params else told


@contextmanager
def in_words_of(translate: Callable[[str], str]) -> Iterator[None]:
    """Within it, problems are worded by `translate`, such as gettext."""
    before = _translate.set(translate)
    try:
        yield
    finally:
        _translate.reset(before)
