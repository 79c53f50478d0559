"""Groups that hold a role on an object, the permission rows that make them hold it, and who got or lost one. For
services, in their transaction and after they have asked for permission.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from guardian.utils import get_group_obj_perms_model

from paas.core import audit
from paas.core.models import Versioned
from paas.core.permissions import Actor
from paas.core.sse import hint
from paas.identity.models import User
from paas.identity.roles import GRANTS

TEAMS_CHANNEL = "teams"
"""The live channel of teams: hinted where there is another one, one has another title or other members, is held back or
let go, or has other service accounts.
"""


def new_groups(obj_name: str, roles: Iterable[str]) -> dict[str, Group]:
    """A group for each role, named `team:shop:owner`. IntegrityError where one of that name is there already."""
    return {role: Group.objects.create(name=f"{obj_name}:{role}") for role in roles}


def grant(obj: Model, groups: Mapping[str, Group], **how: Any) -> None:
    """Have each group hold the words of its role on the object, and on all that belongs to it."""
    table = get_group_obj_perms_model(cast(Any, type(obj)))
    kind = ContentType.objects.get_for_model(obj)
    permissions = {each.codename: each for each in Permission.objects.filter(content_type=kind)}
    table._default_manager.bulk_create(
        table(content_object=obj, group=group, permission=permissions[f"{word}_{obj._meta.model_name}"], **how)
        for role, group in groups.items()
        for word in GRANTS[role]
    )


def change_role(
    of: Versioned,
    user: User,
    roles: Mapping[int, str],
    *,
    before: str | None,
    after: str | None = None,
    group: Group | int | None = None,
    actor: Actor,
) -> None:
    """Somebody gets another role on a team or a project, or none: its version counts on, the trail tells, and who looks
    at lists of teams sees it.

    Args:
        roles: the role that each group holds there, by the group's id; all of them are left.
        group: of the role `after`.
    """
    user.groups.remove(*roles)
    if group is not None:
        user.groups.add(group)
    of.save_version()
    name = user.username
    audit.record(
        actor=actor,
        action=f"{of._meta.model_name}.member_{'added' if after else 'removed'}",
        target=of,
        before={"user": name, "role": before},
        after={"user": name, "role": after} if after else None,
    )
    hint(TEAMS_CHANNEL)
