"""An event tells from where, how signed in and by what right; refusals and failed sign-ins are events too."""

from django.urls import reverse

from paas.core import audit
from paas.core.models import AuditEvent
from paas.identity import services
from paas.identity.models import ApiToken


def test_a_change_tells_by_what_right_and_from_where(api, team, owner):
    client = api(owner)
    answer = client.get(f"/api/v1/teams/{team.name}/")
    client.patch(f"/api/v1/teams/{team.name}/", {"title": "Shop"}, headers={"If-Match": answer["ETag"]})
    event = AuditEvent.objects.get(action="team.renamed")
    assert event.right == {"permission": "own", "through": f"group team:{team.name}:owner", "on": f"team {team}"}
    assert event.address == "127.0.0.1"
    assert event.how == f"token {ApiToken.objects.get().token_key}"
    assert event.subject == str(owner.pk)


def test_what_the_platform_does_itself_has_no_right(team, owner):
    services.rename_team(team=team, title="Shop", actor=owner)
    event = audit.record(actor=None, action="work.removed", target=team)
    assert (event.right, event.subject, event.actor_name) == (None, "", "system")


def test_a_refusal_is_an_event_although_its_act_is_undone(api, team, viewer):
    answer = api(viewer).patch(f"/api/v1/teams/{team.name}/", {"title": "Mine"}, headers={"If-Match": "*"})
    assert answer.status_code == 403
    event = AuditEvent.objects.get(action="permission.refused")
    assert (event.outcome, event.actor, event.object_id) == ("refused", viewer, str(team.pk))
    assert event.after == {
        "permission": "own",
        "code": "permission_denied",
        "asked": f"PATCH /api/v1/teams/{team.name}/",
    }
    assert event.right is None


def test_a_failed_sign_in_names_who_was_tried(api, owner):
    api().post("/api/v1/login", {"username": "olga", "password": "wrong", "name": "laptop"})
    event = AuditEvent.objects.get(action="sign_in.failed")
    assert (event.object_name, event.actor, event.actor_name, event.address) == ("olga", None, "nobody", "127.0.0.1")


def test_a_password_typed_as_a_name_is_not_kept(api, owner):
    api().post("/api/v1/login", {"username": "my secret password", "password": "x", "name": "laptop"})
    event = AuditEvent.objects.get(action="sign_in.failed")
    assert event.object_name == "an unknown name"


def test_signing_in_to_the_console_and_out_again(client, owner):
    client.post(reverse("account_login"), {"login": "olga", "password": "olga likes dumplings"})
    client.post(reverse("admin:logout"))
    actions = AuditEvent.objects.filter(action__startswith="sign_in.").order_by("id").values_list("action", "how")
    assert [action for action, _ in actions] == ["sign_in.succeeded", "sign_in.ended"]
