"""What the console's own package shows. Django loads this module."""

from __future__ import annotations

from paas.core import filter_views, palette  # noqa: F401 - they register their views
from paas.core.audit import console  # noqa: F401 - the same
