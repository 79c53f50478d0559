"""Teams of an earlier version keep their people: who deployed is a developer, and owners may release."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from paas.core.permissions import allowed, words
from paas.identity.models import Team, User
from paas.identity.roles import members, role_of

EARLIER = [("applications", "0007_secrets_sealed_by_row"), ("identity", "0006_terminals")]
GRANTED = {"owners": ("view", "deploy", "exec", "own"), "deployers": ("view", "deploy"), "viewers": ("view",)}


@pytest.fixture
def earlier(transactional_db):
    """The models as they were then; afterwards everything is migrated again, whatever happened."""
    MigrationExecutor(connection).migrate(EARLIER)
    yield MigrationExecutor(connection).loader.project_state(EARLIER).apps
    migrate()


def migrate():
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def team_of(then, people):
    """A team as services made it then, with a person in each group."""
    groups, group, user = {}, then.get_model("auth", "Group"), then.get_model("identity", "User")
    for field, name in people.items():
        groups[field] = group.objects.create(name=f"team:shop:{field.removesuffix('s')}")
        user.objects.create(username=name).groups.add(groups[field])
    team = then.get_model("identity", "Team").objects.create(name="shop", title="Shop", **groups)
    kind, _ = then.get_model("contenttypes", "ContentType").objects.get_or_create(app_label="identity", model="team")
    permission, grant = then.get_model("auth", "Permission"), then.get_model("identity", "TeamGroupPermission")
    for field, held in GRANTED.items():
        for word in held:
            known, _ = permission.objects.get_or_create(content_type=kind, codename=f"{word}_team")
            grant.objects.create(content_object=team, group=groups[field], permission=known)


def test_memberships_stay(earlier):
    team_of(earlier, {"owners": "olga", "deployers": "dora", "viewers": "victor"})
    migrate()
    team = Team.objects.get(name="shop")
    dora, olga = User.objects.get(username="dora"), User.objects.get(username="olga")
    assert role_of(team, dora) == "developer"
    assert team.developers.name == "team:shop:developer"
    assert words(dora, team) == {"view", "deploy"}
    assert words(olga, team) == {"view", "deploy", "release", "exec", "own"}
    dora.groups.set([team.releasers])
    assert allowed(User.objects.get(pk=dora.pk), "release", team)
    assert [(each.user.username, each.role) for each in members(team)] == [
        ("olga", "owner"),
        ("dora", "releaser"),
        ("victor", "viewer"),
    ]
