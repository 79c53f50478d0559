"""The history of an application holds what was done to its environments, and says who, from where, and how it ended."""

import re

import pytest
from django.urls import reverse

from apps import services
from apps.models import Environment
from paas.core import audit
from paas.core.models import AuditEvent


@pytest.fixture
def application(deploy):
    return deploy(reason="first").application


@pytest.fixture
def history(client, application):
    """history(user) → the page's rows as texts, newest first."""

    def read(user):
        client.force_login(user)
        answer = client.get(reverse("admin:applications_application_history", args=[application.pk]))
        assert answer.status_code == 200
        body = answer.content.decode().split("<tbody>")[1].split("</tbody>")[0]
        return [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in body.split("</tr>")[:-1]]

    return read


def test_deploys_protection_and_secrets_of_its_environments_are_in_it(history, application, owner, viewer):
    environment = Environment.objects.get()
    services.protect_environment(environment=environment, protected=True, actor=owner, reason="it earns money")
    rows = history(viewer)
    assert "Environment protected" in rows[0]
    assert "it earns money" in rows[0]
    for action in ("Deployed", "Environment created", "Application created"):
        assert any(action in row for row in rows), action


def test_another_application_s_events_are_not(history, deploy, viewer):
    deploy(name="other", host="other.example", reason="elsewhere")
    assert not any("elsewhere" in row for row in history(viewer))


def test_from_where_how_it_ended_and_the_seal(client, history, application, viewer, owner):
    client.force_login(viewer)
    client.post(reverse("admin:environment_protection", args=[Environment.objects.get().pk]), {"reason": "x"})
    [refused] = [row for row in history(viewer) if "Refused for want of permission" in row]
    assert "Refused" in refused
    assert "from 127.0.0.1" in refused
    assert "Not yet" in refused
    AuditEvent.objects.filter(action="permission.refused").update(number=4711, seal="as the sealer does")
    [refused] = [row for row in history(viewer) if "Refused for want of permission" in row]
    assert "#4711" in refused


def test_overseers_alone_are_led_on_to_each_event(client, application, viewer, operator):
    address = reverse("admin:applications_application_history", args=[application.pk])
    event = AuditEvent.objects.get(action="application.created")
    link = f'href="{reverse("admin:core_auditevent_change", args=[event.pk])}"'
    client.force_login(viewer)
    assert link not in client.get(address).content.decode()
    client.force_login(operator)
    assert link in client.get(address).content.decode()


def test_a_retired_environment_s_past_stays(history, application, owner, viewer):
    environment = Environment.objects.get()
    audit.record(actor=owner, action="environment.remembered", target=environment)
    Environment.objects.update(retired_at=environment.created_at)
    assert any("environment.remembered" in row for row in history(viewer))
