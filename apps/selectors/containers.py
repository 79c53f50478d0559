"""Which containers the processes of an environment have, as they are declared: whose logs may be asked for."""

from __future__ import annotations

from apps.delivery import APPLICATION, OWNER_KIND
from apps.models import Environment
from apps.spread import COMPONENT
from apps.topology import containers
from clusters.manifests import Manifest
from clusters.models import Work


def containers_of(environment: Environment) -> dict[str, list[str]]:
    """{process: names of its containers, on whichever cluster}, both sorted; one query.

    What the admission of a cluster adds to a pod is not among them.
    """
    works = Work.objects.filter(owner_kind=OWNER_KIND, owner_id=environment.pk, name=APPLICATION)
    found: dict[str, set[str]] = {}
    for manifests in works.filter(intent=Work.Intent.PRESENT).values_list("manifests", flat=True):
        for manifest in map(Manifest.from_json, manifests):
            if names := containers(manifest):
                found.setdefault(manifest.body["metadata"]["labels"][COMPONENT], set()).update(names)
    return {process: sorted(names) for process, names in sorted(found.items())}
