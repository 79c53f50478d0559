"""Two teams with one of everything, for what holds on each page of the console."""

from tests.proof.conftest import net, stage

__all__ = ["net", "stage"]
