"""The audit trail lives and dies with the change it tells of, and is never rewritten."""

import pytest
import structlog
from django.db import DatabaseError, connection, transaction

from paas.core import audit
from paas.core.errors import Conflict
from paas.core.models import AuditEvent
from paas.identity import services
from paas.identity.models import Team


def test_a_change_and_its_event_are_written_together(admin):
    with structlog.contextvars.bound_contextvars(request_id="req-1"):
        team = services.create_team(name="shop", actor=admin)
    event = AuditEvent.objects.get(action="team.created")
    assert (event.actor, event.actor_name, event.object_type, event.object_id) == (
        admin,
        "admin",
        "identity.Team",
        str(team.pk),
    )
    assert event.after == {"name": "shop", "title": "shop"}
    assert event.request_id == "req-1"


def test_a_change_that_is_rolled_back_leaves_no_event(admin):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.create_team(name="shop", actor=admin)
        raise ZeroDivisionError
    assert not Team.objects.exists()
    assert not AuditEvent.objects.filter(action="team.created").exists()


def test_a_refused_change_leaves_no_event(admin):
    services.create_team(name="shop", actor=admin)
    with pytest.raises(Conflict):
        services.create_team(name="shop", actor=admin)
    assert AuditEvent.objects.filter(action="team.created").count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused():
    admin = services.bootstrap_admin(username="admin", password="a long password")
    with pytest.raises(RuntimeError, match="transaction"):
        audit.record(actor=admin, action="user.looked", target=admin)
    assert not AuditEvent.objects.filter(action="user.looked").exists()


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda events: events.update(action="nothing.happened"),
        lambda events: events.update(actor_name="somebody else"),
        lambda events: events.delete(),
    ],
)
def test_events_are_neither_changed_nor_deleted(admin, rewrite):
    before = list(AuditEvent.objects.values())
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        rewrite(AuditEvent.objects.all())
    assert list(AuditEvent.objects.values()) == before


def test_a_person_who_is_deleted_keeps_their_name_in_the_trail(admin, stranger):
    services.create_token(user=stranger, name="laptop", actor=stranger)
    stranger.delete()
    event = AuditEvent.objects.get(action="token.created")
    assert (event.actor, event.actor_name) == (None, "stella")


def test_the_platform_itself_is_named_system(admin):
    assert AuditEvent.objects.get(action="user.bootstrapped").actor_name == "system"


@pytest.mark.django_db(transaction=True)
def test_the_trail_is_not_emptied_either():
    services.bootstrap_admin(username="admin", password="a long password")
    with pytest.raises(DatabaseError, match="never"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditevent ENABLE TRIGGER core_auditevent_truncate")
        cursor.execute("TRUNCATE core_auditevent CASCADE")
    assert AuditEvent.objects.exists()


def test_an_event_is_sealed_once(admin):
    AuditEvent.objects.update(number=1, seal="dev:0")
    with pytest.raises(DatabaseError, match="never"), transaction.atomic():
        AuditEvent.objects.update(number=2)
