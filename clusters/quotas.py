"""How full a quota is: read off the live object by the loop, kept in the status of its Work.

`Work.reported["Quota"]` holds one entry for each ResourceQuota, as of the last look at the Work. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.health.reading import part
from clusters.manifests import ObjectId

REPORTED = "Quota"


def sight(live: Mapping[str, Any]) -> dict[str, Any] | None:
    """{"id", "hard", "used"}, both quantities by name, of a quota that was counted; None for any other object."""
    hard = part(live, "status", "hard")
    if (live.get("apiVersion"), live.get("kind")) != ("v1", "ResourceQuota") or not hard:
        return None
    return {"id": str(ObjectId.of(live)), "hard": _amounts(hard), "used": _amounts(part(live, "status", "used"))}


def _amounts(found: Mapping[str, Any]) -> dict[str, str]:
    return {name: amount for name, amount in found.items() if isinstance(amount, str)}
