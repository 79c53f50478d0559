"""People, service accounts, teams, the permission rows of teams, API tokens, the sign-ins that wait for approval, and
what signing in needs besides a password.

Written by `paas.identity.services`, `service_accounts`, `devices`, `adapters`, `second_factor` and `oidc` alone.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractUser, Group
from django.core.validators import RegexValidator
from django.db import models
from guardian.models import GroupObjectPermissionBase
from knox.models import AbstractAuthToken, AuthTokenManager

from paas.core.encryption import EncryptedTextField
from paas.core.models import Versioned

OPERATORS = "operators"

# What a token may be for, and the permission words it lets through.
READ, DEPLOY, ADMIN = "read", "deploy", "admin"
SCOPES: dict[str, frozenset[str]] = {
    READ: frozenset({"view"}),
    DEPLOY: frozenset({"view", "deploy"}),
    ADMIN: frozenset({"view", "deploy", "exec", "own", "operate"}),
}

NAME = RegexValidator(
    r"\A[a-z]([-a-z0-9]{0,38}[a-z0-9])?\Z",
    "1 to 40 lower-case letters, digits and dashes, beginning with a letter, ending with a letter or digit.",
)


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox's tokens refer to it, without types
    """A person, or with `team` a service account. Signed-in persons see the console; what they may do there is a
    matter of teams and of the group operators. A service account has no password and works for its team alone.
    """

    permission_scope: ClassVar[str] = "operators"
    # The API token that the request at hand came with; it narrows what may be done.
    token: ApiToken | None = None

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    language = models.CharField(
        max_length=10, blank=True, default="", help_text="Of the console; the browser's own if left empty."
    )

    team = models.ForeignKey(
        "Team", null=True, blank=True, on_delete=models.PROTECT, related_name="service_accounts", editable=False
    )

    class Meta:
        ordering = ["username"]
        permissions = [("operate", "Can operate the platform: clusters, delivery, people")]


class Team(Versioned):
    """Owns projects. Its roles are groups that hold permission rows on it."""

    permission_scope: ClassVar[str] = "team"

    name = models.CharField(
        max_length=40, unique=True, validators=[NAME], help_text="Part of addresses; never changes."
    )
    title = models.CharField(max_length=100)
    owners = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="owned_team", editable=False)
    deployers = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="deployed_team", editable=False)
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
    """A bearer token: only its digest is kept, and the first characters to know it again by.

    `machine` is where it was asked for, as that machine calls itself. The last use is noted once a minute.
    """

    name = models.CharField(max_length=100, blank=True)
    scope = models.CharField(max_length=10, choices=[(each, each) for each in SCOPES], default=ADMIN)
    machine = models.CharField(max_length=100, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_from = models.GenericIPAddressField(null=True, blank=True)

    objects = AuthTokenManager()

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.token_key}…"

    @property
    def words(self) -> frozenset[str]:
        """The permission words it lets through."""
        return SCOPES[self.scope]


class DeviceGrant(models.Model):
    """A machine that asks to sign in as whoever approves it (RFC 8628). Both codes are kept as keyed digests.

    The row goes when its token is fetched; `interval` is in seconds and rises for who asks too often.
    """

    permission_scope: ClassVar[str] = "operators"

    class State(models.TextChoices):
        """What has become of it."""

        PENDING = "pending"
        APPROVED = "approved"
        DECLINED = "declined"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    device_digest = models.CharField(max_length=64, unique=True)
    user_digest = models.CharField(max_length=64, unique=True)
    client_id = models.CharField(max_length=40)
    scope = models.CharField(max_length=10)
    machine = models.CharField(max_length=100)
    address = models.GenericIPAddressField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    interval = models.PositiveSmallIntegerField(default=5)
    polled_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"sign-in from {self.machine or 'a machine without a name'}"


class FactorSecret(models.Model):
    """What proves a second factor: the seed of an authenticator app or of recovery codes. allauth's rows name it by id.

    Written by `adapters`, and forgotten by `second_factor` once no factor needs it.
    """

    permission_scope: ClassVar[str] = "operators"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    value = EncryptedTextField()

    def __str__(self) -> str:
        return f"secret of a second factor of {self.user_id}"


class OidcAccount(models.Model):
    """Whose account here belongs to a subject of an OpenID provider.

    `session` is the provider's name of the last sign-in; `followed` whether a refresh token is kept; `checked_at` when
    the provider last vouched for the person, `ended` why it does no more, empty while it does; `given` are the groups
    that the map of its groups gave.
    """

    permission_scope: ClassVar[str] = "operators"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="oidc_accounts")
    provider = models.CharField(max_length=30)
    subject = models.CharField(max_length=255)
    session = models.CharField(max_length=255, blank=True, default="")
    refresh_token = EncryptedTextField(blank=True, default="")
    followed = models.BooleanField(default=False)
    checked_at = models.DateTimeField(null=True)
    ended = models.CharField(max_length=20, blank=True, default="")
    given = models.ManyToManyField(Group, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "subject"], name="one_account_a_subject"),
            models.UniqueConstraint(fields=["provider", "user"], name="one_subject_an_account"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} of {self.provider}"


class OidcLogout(models.Model):
    """A logout token that was used: it works once. Forgotten once it is too old to be taken."""

    permission_scope: ClassVar[str] = "operators"

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(max_length=30)
    jti_digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "jti_digest"], name="a_logout_token_works_once")]

    def __str__(self) -> str:
        return f"logout token of {self.provider}"
