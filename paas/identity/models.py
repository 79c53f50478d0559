"""People, teams, the permission rows of teams, and API tokens. Written by `paas.identity.services` alone."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser, Group
from django.core.validators import RegexValidator
from django.db import models
from guardian.models import GroupObjectPermissionBase
from knox.models import AbstractAuthToken, AuthTokenManager

from paas.core.models import Versioned

OPERATORS = "operators"

NAME = RegexValidator(
    r"\A[a-z]([-a-z0-9]{0,38}[a-z0-9])?\Z",
    "1 to 40 lower-case letters, digits and dashes, beginning with a letter, ending with a letter or digit.",
)


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox's tokens refer to it, without types
    """A person. Signed-in persons see the console; what they may do there is a matter of teams and of the group
    operators.
    """

    permission_scope: ClassVar[str] = "operators"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    language = models.CharField(
        max_length=10, blank=True, default="", help_text="Of the console; the browser's own if left empty."
    )

    class Meta:
        ordering = ["username"]
        permissions = [("operate", "Can operate the platform: clusters, delivery, people")]


class Team(Versioned):
    """Owns projects. Its two roles are groups that hold permission rows on it."""

    permission_scope: ClassVar[str] = "team"

    name = models.CharField(
        max_length=40, unique=True, validators=[NAME], help_text="Part of addresses; never changes."
    )
    title = models.CharField(max_length=100)
    owners = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="owned_team", editable=False)
    viewers = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="viewed_team", editable=False)

    class Meta:
        ordering = ["name"]
        permissions = [
            ("deploy_team", "Can deploy what belongs to the team"),
            ("exec_team", "Can open terminals in what belongs to the team"),
            ("own_team", "Can change the team and its members"),
        ]

    def __str__(self) -> str:
        return self.name


class TeamGroupPermission(GroupObjectPermissionBase):
    """A permission of a group on a team: guardian's direct table, whose rows go with their team."""

    id = models.BigAutoField(primary_key=True)
    content_object = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="grants")

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = False


class ApiToken(AbstractAuthToken):  # type: ignore[misc]  # knox carries no types
    """A bearer token: only its digest is kept, and the first characters to know it again by."""

    name = models.CharField(max_length=100, blank=True)

    objects = AuthTokenManager()

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.token_key}…"
