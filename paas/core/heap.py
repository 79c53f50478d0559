"""The part of the heap that lives as long as its process: all that was loaded before it began to work."""

from __future__ import annotations

import gc


def settle() -> None:
    """Take what is loaded out of the garbage collector's rounds.

    It would be gone through again and again while large answers are decoded, and a child process would have a copy of
    each page of it that its collector touches.
    """
    gc.collect()
    gc.freeze()
