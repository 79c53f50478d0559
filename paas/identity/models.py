"""People, service accounts, teams, the permission rows of teams, what a directory and providers say of people, what
signing in needs besides a password, API tokens and the sign-ins that wait for approval.

Written by `paas.identity.services`, `service_accounts`, `devices`, `directory`, `oidc`, `mirroring`, `revocation`,
`adapters` and `second_factor` alone.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy
from guardian.models import GroupObjectPermissionBase
from knox.models import AbstractAuthToken, AuthTokenManager

from paas.core.encryption import EncryptedTextField
from paas.core.models import Versioned

OPERATORS, AUDITORS = "operators", "auditors"

# What a token may be for, and the permission words it lets through.
READ, DEPLOY, ADMIN = "read", "deploy", "admin"
SCOPES: dict[str, frozenset[str]] = {
    READ: frozenset({"view"}),
    DEPLOY: frozenset({"view", "deploy", "release"}),
    ADMIN: frozenset({"view", "deploy", "release", "exec", "own", "operate"}),
}

NAME = RegexValidator(
    r"\A[a-z]([-a-z0-9]{0,38}[a-z0-9])?\Z",
    "1 to 40 lower-case letters, digits and dashes, beginning with a letter, ending with a letter or digit.",
)


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox's tokens refer to it, without types
    """A person, or with `team` a service account. Signed-in persons see the console; what they may do there is a
    matter of teams and of the groups operators and auditors. A service account has no password and works for its team
    alone.
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

    # Counts up when access ends, so that no session opened before holds.
    session_round = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = gettext_lazy("user")
        verbose_name_plural = gettext_lazy("users")
        ordering = ["username"]
        permissions = [
            ("operate", "Can operate the platform: clusters, delivery, people"),
            ("audit", "Can view all that is on the platform, and the audit trail"),
        ]

    def get_session_auth_hash(self) -> str:
        """What a session must know to be this person's."""
        return f"{super().get_session_auth_hash()}.{self.session_round}"

    def has_usable_password(self) -> bool:
        """Whether they can prove themselves by a password: a local one, or that of the directory."""
        local: bool = super().has_usable_password()
        return local or (
            bool(settings.DOUGONG.ldap_uris) and DirectoryAccount.objects.filter(user=self, ended="").exists()
        )


class Team(Versioned):
    """Owns projects. Its roles are groups that hold permission rows on it."""

    permission_scope: ClassVar[str] = "team"

    name = models.CharField(
        max_length=40, unique=True, validators=[NAME], help_text="Part of addresses; never changes."
    )
    title = models.CharField(max_length=100)
    owners = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="owned_team", editable=False)
    releasers = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="released_team", editable=False)
    developers = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="developed_team", editable=False)
    viewers = models.OneToOneField(Group, on_delete=models.PROTECT, related_name="viewed_team", editable=False)

    # While it is cordoned nothing new of the team is accepted; protected, nothing of it is removed (`holds`).
    cordoned_at = models.DateTimeField(null=True, blank=True, editable=False)
    cordoned_by_name = models.CharField(max_length=200, blank=True, default="", db_default="", editable=False)
    cordon_reason = models.TextField(blank=True, default="", db_default="", editable=False)
    protected = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        verbose_name = gettext_lazy("team")
        verbose_name_plural = gettext_lazy("teams")
        ordering = ["name"]
        permissions = [
            ("deploy_team", "Can deploy what belongs to the team"),
            ("release_team", "Can release what belongs to the team to protected environments"),
            ("exec_team", "Can open terminals in what belongs to the team"),
            ("own_team", "Can change the team and its members"),
        ]

    def __str__(self) -> str:
        return self.name


class TeamGroupPermission(GroupObjectPermissionBase):
    """A permission of a group on a team: guardian's direct table, whose rows go with their team. Past `until` it is
    none.
    """

    id = models.BigAutoField(primary_key=True)
    content_object = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="grants")
    until = models.DateTimeField(null=True, blank=True)

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = False


class DirectoryAccount(models.Model):
    """A person who signs in by the directory; without this row an account is local.

    `given` are the groups that the mirror put the person into; `ended` is why the directory ended their access, empty
    while it has not; `seen_at` is their last sign-in.
    """

    permission_scope: ClassVar[str] = "operators"
    # Who gave a role, as the audit trail has it.
    source: ClassVar[str] = "directory"

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="directory_account")
    identity = models.CharField(max_length=300, unique=True)
    dn = models.TextField()
    given = models.ManyToManyField(Group, related_name="+")
    ended = models.CharField(max_length=20, blank=True, default="")
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.dn


class DirectoryReading(models.Model):
    """How the last reading of a directory went; `problem` is empty where it went well."""

    permission_scope: ClassVar[str] = "operators"

    name = models.CharField(max_length=20, primary_key=True)
    tried_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=100, blank=True, default="")

    def __str__(self) -> str:
        return self.name


class BreakGlass(models.Model):
    """A role on a team that an operator took for a time, with a reason; its permission rows end by themselves."""

    permission_parent: ClassVar[str] = "team"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="taken_roles")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    group = models.OneToOneField(Group, on_delete=models.SET_NULL, null=True, related_name="break_glass")
    role = models.CharField(max_length=10)
    reason = models.TextField()
    taken_at = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by_name = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["-taken_at"]
        indexes = [models.Index(fields=["team", "-taken_at"], name="break_glass_by_team")]

    def __str__(self) -> str:
        return f"{self.role} of team {self.team} until {self.until:%Y-%m-%d %H:%M} UTC"


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

    @property
    def source(self) -> str:
        """Who gave a role, as the audit trail has it."""
        return self.provider


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
