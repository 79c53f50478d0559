"""Whether what lives on a cluster is what an environment declares: one badge a cluster, on the environment's card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.delivery import RUN_PREFIX
from clusters.admin.badges import GOOD, INFO, WARN, Badge
from clusters.repairs import last_repairs
from paas.core.moments import when

Said = Mapping[str, Any]
Repairs = Mapping[str, datetime]


def repairs_of(status: Said) -> Repairs:
    """When each Work of an application was repaired last, of `selectors.status`; one query for all clusters."""
    clusters = [cluster for environment in status["environments"] for cluster in environment["clusters"]]
    return last_repairs([work["id"] for cluster in clusters for work in cluster["works"]])


def drift(cluster: Said, repairs: Repairs) -> Badge | None:
    """Of one cluster of an environment. None where its conditions say that this is not known, or not so yet."""
    works = [each for each in cluster["works"] if not each["name"].startswith(RUN_PREFIX)]
    said = [each for work in works for each in work["conditions"]]
    if fought := [each["message"] for each in said if each["type"] == "FieldFought" and each["status"] == "True"]:
        return Badge(gettext_noop("Fought over"), WARN, "sync_problem", title="\n".join(fought))
    if not works or cluster["conditions"] or _unsettled(works, said):
        return None
    last = max((repairs[work["id"]] for work in works if work["id"] in repairs), default=None)
    if last is None:
        return Badge(gettext_noop("As declared"), GOOD)
    return Badge(_("Repaired %(moment)s") % {"moment": when(last)}, INFO, "build")


def _unsettled(works: Iterable[Said], said: Iterable[Said]) -> bool:
    """Whether something was not looked at since it was asked for, or could not be written."""
    behind = any(work["observed_generation"] < work["generation"] for work in works)
    return behind or any(each["type"] != "Ready" and each["status"] == "True" for each in said)
