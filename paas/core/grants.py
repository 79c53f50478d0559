"""Whose an object is, and what was granted on it: guardian's rows, and the way from a model to those that carry them.

Beneath `permissions`, which asks the questions. Reads only.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now
from guardian.utils import get_group_obj_perms_model

# How the name of a group begins whose role was taken for a time.
BREAK_GLASS = "break-glass:"
# Stands for the person in a statement that is built once for all.
ANYBODY = UUID(int=0)


def path_of(model: type[models.Model]) -> tuple[str, type[models.Model]]:
    """The lookup from a model to the nearest that carries grants, and that: `("application__project", Project)`."""
    steps: list[str] = []
    while not getattr(model, "permission_grants", False) and (parent := getattr(model, "permission_parent", None)):
        steps.append(parent)
        model = _parent(model)
    return "__".join(steps), model


def _parent(model: type[models.Model]) -> type[models.Model]:
    parent = getattr(model, "permission_parent", "")
    related = model._meta.get_field(parent).related_model
    if not isinstance(related, type):
        raise ImproperlyConfigured(f"{model._meta.label}.permission_parent must name a foreign key, not {parent!r}")
    return related


def root_of(model: type[models.Model]) -> type[models.Model]:
    """Where the way ends: a model that says its `permission_scope`."""
    while getattr(model, "permission_parent", None):
        model = _parent(model)
    return model


def carriers_of(obj: models.Model) -> list[models.Model]:
    """The objects that carry grants for this one, the nearest first, a team last. None where a row leaves its parent
    empty: then it is the platform's own.
    """
    found: list[models.Model] = []
    current: models.Model | None = obj
    while current is not None:
        parent = getattr(type(current), "permission_parent", None)
        if parent is None or getattr(type(current), "permission_grants", False):
            found.append(current)
        if parent is None:
            return found
        current = getattr(current, parent)
    return []


def scope_of(root: type[models.Model]) -> str:
    """Whose a root is: "team", "platform" or "operators". ImproperlyConfigured where it does not say."""
    scope = getattr(root, "permission_scope", None)
    if scope not in ("team", "platform", "operators"):
        raise ImproperlyConfigured(
            f"{root._meta.label} must say whose it is: permission_parent, "
            "or permission_scope 'team', 'platform' or 'operators'"
        )
    return str(scope)


def noun(model: type[models.Model]) -> str:
    """What an object of the model is called, in codes and in English."""
    return str(model._meta.verbose_name_raw)


def named(obj: models.Model) -> str:
    """How an object is spoken of: "team shop"."""
    return f"{noun(type(obj))} {obj}"


def named_in_quotes(obj: models.Model) -> str:
    """The same in a sentence: "team 'shop'"."""
    return f"{noun(type(obj))} '{obj}'"


def grants_of(person: AbstractUser, permission: str, carriers: list[models.Model]) -> list[tuple[models.Model, str]]:
    """The groups that give the person the word, each with the object it is granted on; one query. The widest first, and
    what was taken for a time last.
    """
    rows = [
        _grants(person.pk, permission, type(each))
        .filter(content_object=each)
        .annotate(place=models.Value(place))
        .values_list("place", "group__name")
        for place, each in enumerate(carriers)
    ]
    found = rows[0].union(*rows[1:]) if len(rows) > 1 else rows[0]
    lasting_first = sorted(found, key=lambda row: (row[1].startswith(BREAK_GLASS), -row[0], row[1]))
    return [(carriers[place], group) for place, group in lasting_first]


def owners_of(carriers: list[models.Model]) -> list[str]:
    """Who may give roles there, for which a role must last: names of people, in order."""
    groups = [
        rows_of(type(each))
        .filter(content_object=each, permission__codename=_codename("own", type(each)))
        .exclude(group__name__startswith=BREAK_GLASS)
        .values("group")
        for each in carriers
    ]
    within = models.Q(*(("groups__in", each) for each in groups), _connector=models.Q.OR)
    people = cast(Any, get_user_model())._default_manager.filter(within, is_active=True)
    return list(people.order_by("username").values_list("username", flat=True).distinct())


def viewable(person: AbstractUser, carrier: type[models.Model]) -> RawSQL:
    """The primary keys of what of a model that carries grants the person may view: what is granted there, or on what it
    belongs to.
    """
    sql, params = _viewable_by(carrier)
    return RawSQL(sql, [person.pk if each == ANYBODY else each for each in params])  # noqa: S611 - Django's own words


@cache
def _viewable_by(carrier: type[models.Model]) -> tuple[str, tuple[Any, ...]]:
    """The statement and its values, ANYBODY for the person: Django builds it slower than PostgreSQL answers it."""
    return carrier._default_manager.filter(_granted(carrier)).order_by().values("pk").query.sql_with_params()


def _granted(carrier: type[models.Model], prefix: str = "") -> models.Q:
    granted = models.Q(**{f"{prefix or 'pk'}__in": _grants(ANYBODY, "view", carrier).values("content_object")})
    parent = getattr(carrier, "permission_parent", "")
    if not parent:
        return granted
    path, wider = path_of(_parent(carrier))
    return granted | _granted(wider, "__".join(filter(None, (prefix, parent, path))))


def _grants(person: UUID, word: str, root: type[models.Model]) -> models.QuerySet[Any]:
    """The rows that give the person this word on objects of `root`, through any of their groups."""
    # By the table between, which the groups' own adds nothing to.
    groups = get_user_model().groups.through._default_manager.filter(user=person).values("group")
    return rows_of(root).filter(group__in=groups, permission__codename=_codename(word, root))


def rows_of(carrier: type[models.Model]) -> models.QuerySet[Any]:
    """The permission rows of a model that are in force: those given for a time end by themselves."""
    # Asked with a class, guardian answers for it; its annotation knows instances only.
    table = get_group_obj_perms_model(cast(Any, carrier))
    if not hasattr(table, "until"):
        return table._default_manager.all()
    return table._default_manager.filter(models.Q(until=None) | models.Q(until__gt=Now()))


def _codename(word: str, carrier: type[models.Model]) -> str:
    return f"{word}_{carrier._meta.model_name}"
