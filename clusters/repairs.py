"""When each Work was repaired last: what a cluster took from us again though nobody had asked for it anew. Reads only.

A change names the objects that it asks for. The first write of each is the change's own; every further one of its
generation, and any of an object it does not name, puts back what somebody changed or removed.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, Func, JSONField, Max, OuterRef

from clusters.models import ApiCall, Work, WorkChange


def last_repairs(work_ids: Collection[UUID | str]) -> dict[str, datetime]:
    """Of the present generation of each, by id as text; those that were never repaired are not in it. One query."""
    same = {"work_id": OuterRef("work_id"), "generation": OuterRef("generation")}
    oid = Func(OuterRef("oid"), function="to_jsonb", output_field=JSONField())
    present = Work.objects.filter(pk=OuterRef("work_id"), generation=OuterRef("generation"))
    again = ApiCall.objects.filter(**same, oid=OuterRef("oid"), id__lt=OuterRef("id"))
    unasked = WorkChange.objects.filter(**same).exclude(changed__contains=oid)
    calls = ApiCall.objects.filter(Exists(present), work_id__in=work_ids, verb=ApiCall.Verb.APPLY)
    found = calls.filter(Exists(again) | Exists(unasked)).order_by().values_list("work_id").annotate(Max("at"))
    return {str(work_id): at for work_id, at in found}
