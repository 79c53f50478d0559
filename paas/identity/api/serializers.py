"""What the API says about people, teams and tokens, and the forms it takes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from paas.core.permissions import Actor, is_operator, words
from paas.identity.models import ApiToken, Team, User
from paas.identity.roles import ROLES


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
    teams = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "username", "email", "operator", "teams"]
        read_only_fields = fields

    def get_operator(self, user: User) -> bool:
        """Whether one holds the platform permission."""
        return is_operator(user)

    @extend_schema_field(TeamMembershipOut(many=True))
    def get_teams(self, user: User) -> list[dict[str, str]]:
        """Roles by team name."""
        owned = dict.fromkeys(Team.objects.filter(owners__user=user).values_list("name", flat=True), "owner")
        viewed = dict.fromkeys(Team.objects.filter(viewers__user=user).values_list("name", flat=True), "viewer")
        return [{"team": name, "role": role} for name, role in sorted((viewed | owned).items())]


class TeamOut(serializers.ModelSerializer[Team]):
    """A team. `permissions` is what the asking person may do with what belongs to it."""

    permissions = serializers.SerializerMethodField()

    class Meta:
        model = Team
        fields = ["id", "name", "title", "version", "created_at", "updated_at", "permissions"]
        read_only_fields = fields

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


class LoginIn(serializers.Serializer[Any]):
    """Name and password, and what to call the token."""

    username = serializers.CharField()
    password = serializers.CharField(trim_whitespace=False, write_only=True)
    name = serializers.CharField(max_length=100, required=False, default="", help_text="Where the token is used.")


class TokenIn(serializers.Serializer[Any]):
    """A new token."""

    name = serializers.CharField(max_length=100)
    days = serializers.IntegerField(min_value=1, required=False, help_text="Its life; at most DOUGONG_TOKEN_DAYS.")


class NewTokenOut(serializers.Serializer[Any]):
    """A token, shown this once."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class TokenOut(serializers.ModelSerializer[ApiToken]):
    """A token as it is known afterwards: by its first characters."""

    id = serializers.CharField(source="token_key")
    created_at = serializers.DateTimeField(source="created")
    expires_at = serializers.DateTimeField(source="expiry")

    class Meta:
        model = ApiToken
        fields = ["id", "name", "created_at", "expires_at"]
        read_only_fields = fields
