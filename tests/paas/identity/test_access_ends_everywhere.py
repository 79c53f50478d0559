"""`end_access`, whoever calls it: nothing that was opened before holds, and another's stays."""

import pytest
from django.test import Client

from paas.core.errors import Unauthenticated
from paas.core.models import AuditEvent
from paas.core.permissions import fresh
from paas.identity import services
from paas.identity.models import ApiToken, User
from paas.identity.revocation import end_access


@pytest.fixture
def signed_in(owner, viewer):
    clients = {}
    for person in (owner, viewer):
        clients[person.username] = Client()
        clients[person.username].force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        services.create_token(user=person, actor=person)
    return clients


def test_sessions_and_tokens_end_and_another_s_stay(signed_in, owner, viewer):
    end_access(owner, "left the firm")
    assert signed_in["olga"].get("/console/").status_code == 302
    assert signed_in["victor"].get("/console/").status_code == 200
    assert list(ApiToken.objects.values_list("user__username", flat=True)) == ["victor"]
    assert AuditEvent.objects.get(action="user.active_set").reason == "left the firm"


def test_it_ends_once(signed_in, owner):
    end_access(owner, "")
    end_access(User.objects.get(pk=owner.pk), "")
    assert AuditEvent.objects.filter(action="user.active_set").count() == 1


def test_an_old_session_does_not_come_back_with_the_account(signed_in, owner, admin):
    end_access(owner, "")
    services.set_active(user=owner, active=True, actor=admin)
    assert signed_in["olga"].get("/console/").status_code == 302
    anew = Client()
    assert anew.login(username="olga", password="olga likes dumplings")
    assert anew.get("/console/").status_code == 200


def test_a_live_view_that_was_open_is_refused(owner, admin):
    watching = User.objects.get(pk=owner.pk)
    assert fresh(watching) == owner
    end_access(owner, "")
    with pytest.raises(Unauthenticated):
        fresh(watching)
    services.set_active(user=owner, active=True, actor=admin)
    with pytest.raises(Unauthenticated):
        fresh(watching)
