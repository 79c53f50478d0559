"""What the API says about people, teams and tokens, and the forms it takes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from paas.core.api import ReasonIn
from paas.core.permissions import Actor, is_operator, is_overseer, words
from paas.identity.models import ADMIN, DEPLOY, SCOPES, ApiToken, Team, User
from paas.identity.roles import PLATFORM_ROLES, ROLES, teams_of


class UserOut(serializers.ModelSerializer[User]):
    """A person, as others see them."""

    email = serializers.CharField(help_text="Empty where none is known.")

    class Meta:
        model = User
        fields = ["id", "username", "email"]
        read_only_fields = fields


class TeamMembershipOut(serializers.Serializer[Any]):
    """One's own role on a team."""

    team = serializers.CharField()
    role = serializers.ChoiceField(ROLES)


class MeOut(serializers.ModelSerializer[User]):
    """Oneself."""

    email = serializers.CharField(help_text="Empty where none is known.")
    operator = serializers.SerializerMethodField()
    auditor = serializers.SerializerMethodField()
    teams = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "username", "email", "operator", "auditor", "teams"]
        read_only_fields = fields

    def get_operator(self, user: User) -> bool:
        """Whether one holds the platform permission."""
        return is_operator(user)

    def get_auditor(self, user: User) -> bool:
        """Whether one views the whole platform; operators do too."""
        return is_overseer(user)

    @extend_schema_field(TeamMembershipOut(many=True))
    def get_teams(self, user: User) -> list[dict[str, str]]:
        """Roles by team name."""
        return [{"team": team.name, "role": role} for team, role in teams_of(user)]


class CordonOut(serializers.Serializer[Team]):
    """Since when nothing new of a team is accepted, by whose word, and why."""

    since = serializers.DateTimeField(source="cordoned_at")
    by = serializers.CharField(source="cordoned_by_name")
    reason = serializers.CharField(source="cordon_reason")


class CordonIn(ReasonIn):
    """Whether a team is cordoned, and why."""

    cordoned = serializers.BooleanField()


class ProtectionIn(ReasonIn):
    """Whether a team or an environment is protected, and why."""

    protected = serializers.BooleanField()


class TeamOut(serializers.ModelSerializer[Team]):
    """A team. `permissions` is what the asking person may do with what belongs to it."""

    permissions = serializers.SerializerMethodField()
    cordon = serializers.SerializerMethodField()
    protected = serializers.BooleanField(help_text="Nothing of it is removed until an owner ends that.")

    class Meta:
        model = Team
        fields = [
            "id", "name", "title", "version", "created_at", "updated_at", "permissions", "cordon", "protected",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(CordonOut(allow_null=True))
    def get_cordon(self, team: Team) -> dict[str, Any] | None:
        """Null where there is none."""
        return CordonOut(team).data if team.cordoned_at else None

    def get_permissions(self, team: Team) -> list[str]:
        """Words such as "view", "deploy", "own"."""
        actor: Actor = self.context["request"].user
        return sorted(words(actor, team))


class TeamIn(serializers.Serializer[Any]):
    """A new team."""

    name = serializers.CharField(max_length=40)
    title = serializers.CharField(max_length=100, required=False, default="")


class TeamPatch(serializers.Serializer[Any]):
    """What can be changed of a team."""

    title = serializers.CharField(max_length=100)


class MemberOut(serializers.Serializer[Any]):
    """A person's role on a team."""

    username = serializers.CharField(source="user.username")
    role = serializers.ChoiceField(ROLES)


class MemberIn(serializers.Serializer[Any]):
    """The role to give."""

    role = serializers.CharField()


class PlatformMemberOut(serializers.Serializer[Any]):
    """A person with a role on the platform."""

    username = serializers.CharField(source="user.username")
    role = serializers.ChoiceField(list(PLATFORM_ROLES))


class LoginIn(serializers.Serializer[Any]):
    """Name and password, and what to call the token."""

    username = serializers.CharField()
    password = serializers.CharField(trim_whitespace=False, write_only=True)
    name = serializers.CharField(max_length=100, required=False, default="", help_text="Where the token is used.")


class TokenIn(serializers.Serializer[Any]):
    """A new token."""

    name = serializers.CharField(max_length=100)
    scope = serializers.ChoiceField(
        list(SCOPES), default=ADMIN, help_text="read views, deploy also deploys, admin does all that its person may."
    )
    days = serializers.IntegerField(
        min_value=1,
        required=False,
        help_text="Its life; at most DOUGONG_TOKEN_DAYS, and DOUGONG_TOKEN_DEFAULT_DAYS if left out.",
    )


class ServiceTokenIn(TokenIn):
    """A new token of a service account."""

    scope = serializers.ChoiceField(
        [each for each in SCOPES if each != ADMIN], default=DEPLOY, help_text="read views, deploy also deploys."
    )


class ServiceAccountIn(serializers.Serializer[Any]):
    """A new service account."""

    name = serializers.CharField(max_length=60, help_text="Such as ci: it is ci@TEAM in the audit trail.")


class ServiceAccountOut(serializers.Serializer[Any]):
    """Who a team's pipelines are."""

    name = serializers.SerializerMethodField()
    username = serializers.CharField(help_text="As it stands in the audit trail.")
    created_at = serializers.DateTimeField(source="date_joined")
    tokens = serializers.IntegerField(default=0, help_text="How many tokens it has.")

    def get_name(self, account: User) -> str:
        """Within the team."""
        return account.username.partition("@")[0]


class NewTokenOut(serializers.Serializer[Any]):
    """A token, shown this once."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class TokenOut(serializers.ModelSerializer[ApiToken]):
    """A token as it is known afterwards: by its first characters."""

    id = serializers.CharField(source="token_key")
    created_at = serializers.DateTimeField(source="created")
    expires_at = serializers.DateTimeField(source="expiry")
    scope = serializers.ChoiceField(list(SCOPES))
    current = serializers.SerializerMethodField()

    class Meta:
        model = ApiToken
        fields = [
            "id", "name", "scope", "machine", "created_at", "expires_at", "last_used_at", "last_used_from", "current",
        ]  # fmt: skip
        read_only_fields = fields

    def get_current(self, token: ApiToken) -> bool:
        """Whether it is the one that asks."""
        return bool(token == self.context["request"].auth)
