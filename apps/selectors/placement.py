"""Where an environment is, by which rule, what that rule would come to now, and how many replicas are where."""

from __future__ import annotations

from typing import Any

from apps.delivery import APPLICATION, OWNER_KIND
from apps.division import DIVIDED
from apps.models import Environment
from apps.selectors.targets import differing
from apps.spread import spread
from clusters.models import Cluster, Work


def placement(environment: Environment) -> dict[str, Any]:
    """{"placement", "divided", "clusters": [{"name", "weight", "cordoned", "suspended", "leaving"}], "joining": [name],
    "leaving": [name], "spread": [{"process", "parts": [{"cluster", "min", "max"}]}]}.

    `joining` and `leaving` are what its selector would add and leave, were it placed anew.
    """
    rule = environment.placement
    there = Cluster.objects.filter(pk__in=environment.placements.values("cluster")).order_by("name")
    works = Work.objects.filter(
        owner_kind=OWNER_KIND, owner_id=environment.pk, name=APPLICATION, intent=Work.Intent.PRESENT
    )
    desired = dict(works.values_list("cluster__name", "manifests"))
    joining, leaving = differing(environment)
    return {
        "placement": rule,
        "divided": rule.get("replicas") == DIVIDED,
        "clusters": [
            {
                "name": each.name,
                "weight": (rule.get("weights") or {}).get(each.name, 1),
                "cordoned": each.cordoned,
                "suspended": each.suspended,
                "leaving": each.leaving,
            }
            for each in there.defer("facts", "ca_data", "conditions")
        ],
        "joining": joining,
        "leaving": leaving,
        "spread": [
            {
                "process": each.process,
                "parts": [{"cluster": part.cluster, **part.after.to_json()} for part in each.parts if part.after],
            }
            for each in spread({}, desired)
        ],
    }
