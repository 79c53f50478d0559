"""The audit trail lives and dies with the change it tells of, and is never rewritten."""

import pytest
from django.db import DatabaseError, transaction

from paas.core import audit
from paas.core.models import AuditEvent
from paas.identity import services
from paas.identity.models import Team, User


@pytest.fixture
def admin(db):
    return services.bootstrap_admin(username="admin", password="a long password")


def test_a_change_and_its_event_are_written_together(admin):
    team = services.create_team(name="shop", actor=admin)
    event = AuditEvent.objects.get(action="team.created")
    assert (event.actor, event.actor_name, event.object_id) == (admin, "admin", str(team.pk))
    assert event.after == {"name": "shop", "title": "shop"}
