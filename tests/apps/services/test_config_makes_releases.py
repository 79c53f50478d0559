"""Config in releases: pinned per cluster, released when a layer changes, brought back by a rollback."""

import pytest
from django.db import DatabaseError, transaction

from apps import services
from apps.appfile import validate
from apps.config import Declaration
from apps.models import Application, ConfigChange, Environment, Release
from apps.services import reconfigure
from clusters.models import Work
from paas.core.errors import Conflict, Forbidden, Invalid, NotFound
from paas.core.models import AuditEvent

TWO = {"production": {"clusters": ["east"]}, "staging": {"clusters": ["east"]}}


@pytest.fixture
def deploy_all(project, owner, east, document):
    """Deploy several environments, without a route that only one of them could have."""

    def go(environments):
        file = document(environments=environments)
        file["blocks"] = [each for each in file["blocks"] if "route" not in each]
        return services.deploy(project=project, app_file=validate(file), actor=owner)

    return go


def delivered(cluster="east", environment="production"):
    """The layered values that a cluster is given."""
    owner = Environment.objects.get(name=environment)
    work = Work.objects.get(name="application", cluster__name=cluster, owner_id=owner.pk)
    maps = [each["body"] for each in work.manifests if each["body"]["kind"] == "ConfigMap"]
    return next((each["data"] for each in maps if "-layered-" in each["metadata"]["name"]), {})


def released(environment="production"):
    return Environment.objects.select_related("current_release").get(name=environment).current_release


def environment(name="production"):
    return Environment.objects.select_related("application__project__team").get(name=name)


def test_a_deploy_pins_what_the_layers_come_to_on_each_cluster(deploy, configure, team, project, east, west):
    configure(None, LEVEL="info", REGION="nowhere")
    configure(west, REGION="us")
    configure(team, LEVEL="warning")
    configure(project, URL="https://${REGION}.example/")
    deploy(clusters=["east", "west"])
    assert released().spec["config"] == {
        "east": {"LEVEL": "warning", "REGION": "nowhere", "URL": "https://nowhere.example/"},
        "west": {"LEVEL": "warning", "REGION": "us", "URL": "https://us.example/"},
    }
    assert (delivered("east")["REGION"], delivered("west")["REGION"]) == ("nowhere", "us")
    assert deploy(clusters=["east", "west"]).unchanged == ("production",)


def test_a_change_releases_what_it_changes_and_nothing_else(deploy_all, configure, project, owner):
    deploy_all(TWO)
    configure(environment("staging"), LEVEL="debug", release=False)
    before = released()
    changed = configure(project, LEVEL="info", reason="less noise")
    assert [(str(each.environment), each.release.number) for each in changed.releases] == [("hello/production", 2)]
    after = released()
    assert (after.image, after.app_file, after.reason) == (
        before.image,
        before.app_file,
        "config LEVEL changed: less noise",
    )
    assert after.created_by == owner
    assert (delivered(), delivered(environment="staging")) == ({"LEVEL": "info"}, {})
    assert released("staging").number == 1
    event = AuditEvent.objects.get(action="environment.reconfigured")
    assert (event.before["config"], event.after["config"]) == ({"east": {"LEVEL": None}}, {"east": {"LEVEL": "info"}})


def test_what_changes_nothing_makes_no_release(deploy, configure, project):
    deploy()
    configure(environment(), LEVEL="debug")
    assert configure(project, LEVEL="info").releases == ()
    assert configure(project, LEVEL="info").version == 1
    assert configure(environment(), LEVEL="debug", declare={}).keys == ()
    assert Release.objects.count() == 2


def test_several_keys_are_one_release(deploy, configure, project):
    deploy()
    [made] = configure(project, A="1", B="${A}2").releases
    assert [(each.key, each.before, each.after) for each in made.differences] == [("A", None, "1"), ("B", None, "12")]
    assert (released().number, released().reason) == (2, "config A, B changed")


def test_a_dry_run_says_what_would_be_and_leaves_nothing(deploy, configure, project):
    deploy()
    [would] = configure(project, LEVEL="info", dry_run=True).releases
    assert (would.release.number, would.differences[0].after) == (2, "info")
    assert (Release.objects.count(), ConfigChange.objects.count(), delivered()) == (1, 0, {})
    assert not AuditEvent.objects.filter(action__in=("config.changed", "environment.reconfigured")).exists()


def test_without_a_release_the_next_deploy_takes_it(deploy, configure, team):
    deploy()
    assert configure(team, LEVEL="info", release=False).releases == ()
    assert released().number == 1
    assert [each.number for each in deploy().releases] == [2]
    assert delivered() == {"LEVEL": "info"}


def test_a_cluster_s_values_reach_only_what_is_there(deploy_all, configure, west):
    environments = {"production": {"clusters": ["east", "west"]}, "staging": {"clusters": ["east"]}}
    deploy_all(environments)
    [made] = configure(west, REGION="us").releases
    assert [(each.cluster, each.key) for each in made.differences] == [("west", "REGION")]
    assert (delivered("west"), delivered("east"), released("staging").number) == ({"REGION": "us"}, {}, 1)


def test_what_is_taken_away_shows_the_wider_layer_again(deploy, configure, team, project):
    configure(team, LEVEL="info")
    configure(project, LEVEL="debug")
    deploy()
    configure(project, LEVEL=None)
    assert delivered() == {"LEVEL": "info"}
    configure(team, LEVEL=None)
    assert delivered() == {}
    with pytest.raises(NotFound) as refused:
        configure(team, LEVEL=None)
    assert refused.value.code == "config_not_set"


def test_a_rollback_brings_back_the_values_of_its_time(deploy, configure, project, owner):
    configure(project, LEVEL="info", OTHER="1")
    deploy()
    configure(project, LEVEL="debug")
    assert delivered()["LEVEL"] == "debug"
    made = services.rollback(environment=environment(), actor=owner)
    assert (made.notes, delivered()) == ((), {"LEVEL": "info", "OTHER": "1"})
    assert released().spec["config"] == Release.objects.get(number=1).spec["config"]
    # A change of something else does not undo it; a deploy takes what the layers say.
    configure(project, OTHER="2")
    assert delivered() == {"LEVEL": "info", "OTHER": "2"}
    deploy()
    assert delivered() == {"LEVEL": "debug", "OTHER": "2"}


def test_a_rollback_onto_a_cluster_it_was_not_made_for(deploy, configure, project, west, owner):
    configure(project, LEVEL="info")
    deploy()
    configure(project, LEVEL="debug")
    deploy(clusters=["east", "west"])
    made = services.rollback(environment=environment(), release=Release.objects.get(number=1), actor=owner)
    assert (delivered("east"), delivered("west")) == ({"LEVEL": "info"}, {"LEVEL": "debug"})
    assert made.notes == ("The release was not made for west: the config there is that of now.",)


def test_another_cluster_needs_a_release_where_it_has_values(deploy, configure, west):
    deploy()
    assert configure(west, REGION="us").releases == ()
    assert [each.number for each in deploy(clusters=["east", "west"]).releases] == [2]
    assert delivered("west") == {"REGION": "us"}


def test_a_required_key_without_a_value_refuses_the_release_and_is_named(deploy, configure, team):
    configure(team, declare={"SMTP_URL": Declaration(type="url", required=True)})
    with pytest.raises(Invalid) as refused:
        deploy()
    assert refused.value.code == "config_required"
    [error] = refused.value.details["errors"]
    assert (error["path"], error["clusters"]) == ("SMTP_URL", ["east"])
    assert not Application.objects.exists()
    configure(team, SMTP_URL="smtp://mail.example:25")
    assert deploy().releases


def test_a_change_that_one_environment_cannot_take_changes_nothing(deploy, configure, team, project):
    configure(team, HOST="h")
    deploy()
    configure(environment(), URL="https://${HOST}/")
    with pytest.raises(Invalid) as refused:
        configure(team, HOST=None)
    assert (refused.value.code, "hello/production" in refused.value.message) == ("config_key_unknown", True)
    assert refused.value.details["errors"][0]["keys"] == ["URL", "HOST"]
    assert ConfigChange.objects.count() == 2
    assert configure(team, HOST=None, release=False).keys == ("HOST",)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"SIZE": "big"}, "config_value_wrong"),
        ({"SIZE": "${LEVEL}", "LEVEL": "x"}, "config_value_wrong"),
        ({"A": "${B}", "B": "${A}"}, "config_cycle"),
        ({"A": "${"}, "config_expression_invalid"),
        ({"1A": "x"}, "config_key_invalid"),
        ({"A": "x\x00"}, "config_value_invalid"),
        ({"A": "\ud800"}, "config_value_invalid"),
        ({"A": "x" * 131_073}, "config_value_invalid"),
        ({"APP_NAME": "x"}, "config_key_reserved"),
        ({"PORT": "1"}, "config_key_reserved"),
        ({f"K{number}": "" for number in range(501)}, "config_too_many"),
    ],
)
def test_what_is_refused_when_it_is_written(configure, team, project, values, code):
    configure(team, declare={"SIZE": Declaration(type="integer")})
    with pytest.raises(Invalid) as refused:
        configure(project, **values)
    assert refused.value.code == code
    assert ConfigChange.objects.count() == 1


def test_an_unknown_key_is_refused_where_nothing_nearer_could_set_it(deploy, configure, team):
    configure(team, URL="https://${HOST}/")
    with pytest.raises(Invalid) as refused:
        deploy()
    assert refused.value.code == "config_key_unknown"
    configure(team, URL=None)
    deploy()
    with pytest.raises(Invalid) as refused:
        configure(environment(), URL="https://${HOST}/", release=False)
    assert refused.value.code == "config_key_unknown"


@pytest.mark.parametrize(
    "declaration",
    [
        Declaration(type="colour"),
        Declaration(type="choice"),
        Declaration(type="string", choices=("a",)),
    ],
)
def test_declarations_that_are_none(configure, team, declaration):
    with pytest.raises(Invalid) as refused:
        configure(team, declare={"A": declaration})
    assert refused.value.code == "config_declaration_invalid"


def test_clusters_and_environments_declare_nothing(deploy, configure, east):
    deploy()
    for row in (east, environment()):
        with pytest.raises(Invalid) as refused:
            configure(row, declare={"A": Declaration()})
        assert refused.value.code == "config_declaration_invalid"


def test_a_declaration_makes_no_release_and_keeps_the_value(deploy, configure, team):
    configure(team, SIZE="1")
    deploy()
    assert configure(team, declare={"SIZE": Declaration(type="integer")}).releases == ()
    last = ConfigChange.objects.first()
    assert (last.before["declaration"], last.after["value"], last.after["declaration"]["type"]) == (
        None,
        "1",
        "integer",
    )
    with pytest.raises(Invalid):
        configure(team, declare={"SIZE": Declaration(type="boolean")})


def test_too_many_environments_at_once(deploy_all, configure, team, monkeypatch):
    deploy_all(TWO)
    monkeypatch.setattr(reconfigure, "MOST_ENVIRONMENTS", 1)
    with pytest.raises(Conflict) as refused:
        configure(team, LEVEL="info")
    assert refused.value.code == "config_reach_too_wide"
    assert configure(team, LEVEL="info", release=False).keys == ("LEVEL",)


def test_what_is_being_removed_is_left_alone(deploy_all, configure, team, owner):
    deploy_all(TWO)
    services.retire_environment(environment=environment("staging"), actor=owner, confirm="staging")
    assert [str(each.environment) for each in configure(team, LEVEL="info").releases] == ["hello/production"]


def test_who_may_change_what(deploy, configure, team, project, east, viewer, stranger, operator, owner):
    deploy()
    rows = (team, project, environment().application, environment())
    for row in rows:
        with pytest.raises(Forbidden):
            configure(row, actor=viewer, A="1")
        with pytest.raises(Forbidden):
            configure(row, actor=operator, A="1")
        with pytest.raises(NotFound):
            configure(row, actor=stranger, A="1")
        configure(row, actor=owner, A=row._meta.model_name)
    for row in (None, east):
        with pytest.raises(Forbidden):
            configure(row, actor=owner, B="1")
        assert configure(row, actor=operator, B=str(row)).releases
    assert released().created_by == operator


def test_history_is_kept_and_cannot_be_changed(configure, team, owner):
    configure(team, LEVEL="info", reason="first")
    configure(team, LEVEL="debug", reason="look closer")
    last, first = ConfigChange.objects.all()
    assert (first.version, first.before, first.after["value"], first.reason) == (1, None, "info", "first")
    assert (last.version, last.before["value"], last.created_by_name) == (2, "info", "olga")
    event = AuditEvent.objects.filter(action="config.changed").first()
    assert (event.object_name, event.before["LEVEL"]["value"], event.reason) == ("crew", "info", "look closer")
    for spoil in (last.delete, lambda: ConfigChange.objects.update(reason="")):
        with pytest.raises(DatabaseError), transaction.atomic():
            spoil()
    owner.delete()
    last.refresh_from_db()
    assert (last.created_by, last.created_by_name) == (None, "olga")


def test_releases_of_before_there_were_layers(deploy, configure, project, owner):
    deploy()
    old = Release.objects.get()
    spec = {key: value for key, value in old.spec.items() if key != "config"}
    made = Release.objects.create(
        environment=old.environment, number=2, image=old.image, spec=spec, app_file=old.app_file, created_by_name="x"
    )
    Environment.objects.update(current_release=made)
    assert deploy().unchanged == ("production",)
    configure(project, LEVEL="info")
    rolled = services.rollback(environment=environment(), release=made, actor=owner)
    assert (delivered(), rolled.notes) == ({}, ())
