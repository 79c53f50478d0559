"""Who may do what: one question asked of guardian's rows, the same for services, API and console.

Words on team-owned objects: "view", "deploy", "exec" (a terminal in a container), "own". A child names the way to its
team by a class attribute `permission_parent = "project"` (the name of a foreign key), walked up to a model with
`permission_scope = "team"`, which carries the granted rows. "operate" is the platform permission: held by the group
operators, and over objects whose model says `permission_scope = "platform"` (viewed by every signed-in person) or
"operators" (viewed by them alone).
Operators may view what belongs to teams, not change it. Superusers may do all.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from guardian.utils import get_group_obj_perms_model

from paas.core.errors import Forbidden, NotFound

Actor = AbstractUser | AnonymousUser | None
AnyModel = TypeVar("AnyModel", bound=models.Model)

OPERATE = "operate"
OPERATE_PERMISSION = "identity.operate"
TEAM_WORDS = ("view", "deploy", "exec", "own")


def signed_in(actor: Actor) -> AbstractUser | None:
    """The person, or None for the platform itself, nobody, and the deactivated."""
    return actor if isinstance(actor, AbstractUser) and actor.is_active else None


def fresh(actor: Actor) -> Actor:
    """The person as they are now: their account may have been closed, their roles taken, since a live view began."""
    person = signed_in(actor)
    return cast(Any, get_user_model())._default_manager.filter(pk=person.pk).first() if person is not None else None


def is_operator(actor: Actor) -> bool:
    """Whether the person holds the platform permission."""
    person = signed_in(actor)
    return person is not None and person.has_perm(OPERATE_PERMISSION)


def allowed(actor: Actor, permission: str, obj: models.Model | None) -> bool:
    """Whether the actor may. `obj` None asks for the platform as a whole."""
    person = signed_in(actor)
    if person is None or person.is_superuser:
        return person is not None
    root = None if obj is None or permission == OPERATE else _root_of(obj)
    scope = "operators" if root is None else _scope(type(root))
    if scope == "platform" and permission == "view":
        return True
    if (
        root is not None
        and scope == "team"
        and _grants(person, permission, type(root)).filter(content_object=root).exists()
    ):
        return True
    # Operators may do all where no team owns, and view the rest.
    return (scope != "team" or permission == "view") and is_operator(person)


def words(actor: Actor, obj: models.Model) -> frozenset[str]:
    """All words the actor holds on the object: what a page may offer as buttons."""
    granted = getattr(obj, "granted", None)
    person = signed_in(actor)
    if granted is None or person is None or person.is_superuser:
        return frozenset(word for word in (*TEAM_WORDS, OPERATE) if allowed(actor, word, obj))
    held = {each.permission.codename.removesuffix(f"_{obj._meta.model_name}") for each in granted}
    return frozenset(held | ({"view", OPERATE} if is_operator(person) else set()))


def with_words(actor: Actor, queryset: models.QuerySet[AnyModel]) -> models.QuerySet[AnyModel]:
    """Objects that carry grants, with what `words` needs read for all of them in one query."""
    table = get_group_obj_perms_model(cast(Any, queryset.model))
    mine = table._default_manager.filter(group__user=signed_in(actor)).select_related("permission")
    return queryset.prefetch_related(models.Prefetch("grants", mine, to_attr="granted"))


def require(actor: Actor, permission: str, obj: models.Model | None) -> None:
    """The first line of every service.

    Raises:
        NotFound: the actor may not view `obj`, so it is not there for them.
        Forbidden: the actor may view it, but not do this; says the rule and whom to ask.
    """
    if allowed(actor, permission, obj):
        return
    if obj is not None and (permission == "view" or not allowed(actor, "view", obj)):
        raise not_found(type(obj))
    if permission == OPERATE or obj is None:
        raise Forbidden(
            "operator_required",
            "Only operators of the platform may do this.",
            rule="It needs the permission 'operate'.",
            remedy="Ask an administrator to add you to the group 'operators', or to do it for you.",
        )
    root = _root_of(obj)
    raise Forbidden(
        "permission_denied",
        f"You may view {_noun(type(obj))} '{obj}', but not do this.",
        rule=f"It needs the permission '{permission}' on {_noun(type(root or obj))} '{root or obj}'.",
        remedy=f"Ask an owner of {_noun(type(root or obj))} '{root or obj}' for a role that has it.",
    )


def visible(actor: Actor, queryset: models.QuerySet[AnyModel]) -> models.QuerySet[AnyModel]:
    """The part of the queryset the actor may view, filtered in SQL without a query of its own per row."""
    person = signed_in(actor)
    if person is None:
        return queryset.none()
    if is_operator(person):
        return queryset
    path, root = _path(queryset.model)
    scope = _scope(root)
    if scope == "platform":
        return queryset
    if scope != "team":
        return queryset.none()
    grants = _grants(person, "view", root).values("content_object")
    return queryset.filter(**{f"{path}__in" if path else "pk__in": grants})


def not_found(model: type[models.Model]) -> NotFound:
    """The same words whether it is absent or may not be seen."""
    noun = _noun(model)
    return NotFound(f"{noun.replace(' ', '_')}_not_found", f"There is no such {noun}, or you may not view it.")


def _grants(person: AbstractUser, word: str, root: type[models.Model]) -> models.QuerySet[Any]:
    """The rows that give the person this word on objects of `root`, through any of their groups."""
    # Asked with a class, guardian answers for it; its annotation knows instances only.
    table = get_group_obj_perms_model(cast(Any, root))
    return table._default_manager.filter(group__user=person, permission__codename=f"{word}_{root._meta.model_name}")


def _path(model: type[models.Model]) -> tuple[str, type[models.Model]]:
    """The lookup from a model to its root, and the root: `("project__team", Team)`."""
    steps: list[str] = []
    while parent := getattr(model, "permission_parent", None):
        steps.append(parent)
        related = model._meta.get_field(parent).related_model
        if not isinstance(related, type):
            raise ImproperlyConfigured(f"{model._meta.label}.permission_parent must name a foreign key, not {parent!r}")
        model = related
    return "__".join(steps), model


def _root_of(obj: models.Model) -> models.Model | None:
    """The object that carries the grants; None where a row leaves its parent empty: then it is the platform's own."""
    current: models.Model | None = obj
    while current is not None and (parent := getattr(type(current), "permission_parent", None)):
        current = getattr(current, parent)
    return current


def _scope(root: type[models.Model]) -> str:
    scope = getattr(root, "permission_scope", None)
    if scope not in ("team", "platform", "operators"):
        raise ImproperlyConfigured(
            f"{root._meta.label} must say whose it is: permission_parent, "
            "or permission_scope 'team', 'platform' or 'operators'"
        )
    return str(scope)


def _noun(model: type[models.Model]) -> str:
    return str(model._meta.verbose_name)
