"""A migration does only what the processes of the release before can live with: ADR 0028."""

from itertools import chain

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

# The last migrations of the last release: the rule begins after them. A release moves them on and empties NAMED.
BASELINE = {
    "core": "0005_audit_is_searched",
    "identity": "0014_openid_providers",
    "clusters": "0010_api_calls",
    "applications": "0014_teams_have_pools_and_pull_secrets",
}
# {(app, migration): why the release before can live with what is not expansion in it, and which release stopped using
# what it takes away}.
NAMED: dict[tuple[str, str], str] = {}

EXPANSION = (
    migrations.AddIndex,
    AddIndexConcurrently,
    migrations.RemoveIndex,
    RemoveIndexConcurrently,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
)


def contractions(operations, made=()):
    """What in operations, in order, an older process may stumble over; `made` are models that it does not know."""
    made, found = set(made), []
    for each in operations:
        match each:
            case migrations.SeparateDatabaseAndState():
                found += contractions(each.database_operations, made)
            case migrations.CreateModel():
                made.add(each.name_lower)
            case migrations.AddField(field=field) if field.many_to_many or field.null:
                pass
            case migrations.AddField(field=field) if field.db_default is not NOT_PROVIDED:
                pass
            case _ if isinstance(each, EXPANSION) or getattr(each, "model_name_lower", None) in made:
                pass
            case _:
                found.append(each)
    return found


@pytest.fixture(scope="module")
def loader():
    return MigrationLoader(None)


@pytest.fixture(scope="module")
def later(loader):
    """{app: its migrations after the baseline, in order}."""
    before = set(chain.from_iterable(map(loader.graph.forwards_plan, BASELINE.items())))
    plan = {each: None for leaf in loader.graph.leaf_nodes() for each in loader.graph.forwards_plan(leaf)}
    return {
        app: [loader.graph.nodes[each] for each in plan if each[0] == app and each not in before] for app in BASELINE
    }


@pytest.mark.parametrize("app", BASELINE)
def test_what_came_since_the_last_release_only_expands(app, later):
    made = set()
    for each in later[app]:
        found = [operation.describe() for operation in contractions(each.operations, made)]
        assert not found or (app, each.name) in NAMED, f"{each}: {found}"
        made |= {op.name_lower for op in each.operations if isinstance(op, migrations.CreateModel)}


def test_what_is_named_is_there(later):
    assert {*NAMED} <= {(app, each.name) for app, found in later.items() for each in found}


def test_every_app_of_ours_is_held_to_it(loader):
    ours = {app for app, _ in loader.graph.leaf_nodes() if _is_ours(loader.get_migration_by_prefix(app, "0001"))}
    assert ours == BASELINE.keys()


def _is_ours(migration):
    return type(migration).__module__.partition(".")[0] in {"paas", "clusters", "apps", "catalog", "billing"}


TEXT = models.TextField()
MODEL = migrations.CreateModel("New", [("id", models.AutoField(primary_key=True))])
CONSTRAINT = models.UniqueConstraint(fields=["a"], name="one")


@pytest.mark.parametrize(
    "operations",
    [
        [migrations.AddField("old", "a", models.TextField(null=True))],
        [migrations.AddField("old", "a", models.TextField(default="", db_default=""))],
        [migrations.AddField("old", "a", models.ManyToManyField("old"))],
        [migrations.AddIndex("old", models.Index(fields=["a"], name="by_a"))],
        [migrations.AlterModelOptions("old", {"ordering": ["a"]})],
        [MODEL, migrations.AddField("new", "a", TEXT), migrations.AddConstraint("New", CONSTRAINT)],
        [migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("old", "a")])],
    ],
)
def test_expansion(operations):
    assert contractions(operations) == []


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("old", "a", TEXT),  # Django drops the default of Python's: an older INSERT has no value
        migrations.AddField("old", "a", models.TextField(default="")),
        migrations.RemoveField("old", "a"),
        migrations.RenameField("old", "a", "b"),
        migrations.AlterField("old", "a", models.TextField(null=True)),
        migrations.AddConstraint("old", CONSTRAINT),
        migrations.RemoveConstraint("old", "one"),
        migrations.AlterUniqueTogether("old", {("a", "b")}),
        migrations.DeleteModel("Old"),
        migrations.RenameModel("Old", "Older"),
        migrations.AlterModelTable("old", "older"),
        migrations.RunSQL("DROP TABLE old"),
        migrations.RunPython(migrations.RunPython.noop),
    ],
    ids=lambda each: type(each).__name__,
)
def test_contraction(operation):
    assert contractions([operation]) == [operation]
    assert contractions([migrations.SeparateDatabaseAndState([operation])]) == [operation]
