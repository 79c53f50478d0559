"""Tokens are shown once, kept as digests, and end."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from paas.core.errors import Forbidden
from paas.core.models import AuditEvent
from paas.identity import services
from paas.identity.models import ApiToken
from paas.identity.tasks import remove_expired_tokens


def test_name_and_password_bring_a_token_that_works(api, owner):
    response = api().post("/api/v1/login", {"username": "olga", "password": "olga likes dumplings", "name": "laptop"})
    assert response.status_code == 201
    token = response.json()["token"]
    assert token.startswith("dgt_")
    client = api()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert client.get("/api/v1/me").json()["username"] == "olga"


def test_a_token_is_nowhere_in_the_database_or_the_trail(api, owner):
    token, _ = services.create_token(user=owner, name="laptop", actor=owner)
    row = ApiToken.objects.get()
    assert token not in {row.digest, row.token_key}
    assert token not in str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_brings_nothing(api, owner, password):
    response = api().post("/api/v1/login", {"username": "olga", "password": password})
    assert response.status_code in {400, 401}
    assert not ApiToken.objects.exists()


def test_guessing_is_slowed_down(api, owner):
    answers = [api().post("/api/v1/login", {"username": "olga", "password": "wrong"}) for _ in range(11)]
    assert answers[-1].status_code == 429
    assert answers[-1].json()["code"] == "too_many_requests"
    assert answers[-1]["Retry-After"]


def test_a_token_ends_with_its_time(api, owner):
    client = api(owner)
    assert client.get("/api/v1/me").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=91), tick=False):
        assert client.get("/api/v1/me").status_code == 401


def test_tokens_past_their_time_are_swept(owner):
    services.create_token(user=owner, name="short", days=1, actor=owner)
    services.create_token(user=owner, name="long", days=30, actor=owner)
    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        remove_expired_tokens()
    assert ApiToken.objects.get().name == "long"


def test_a_token_never_outlives_the_setting(owner):
    _, expires = services.create_token(user=owner, name="for ever", days=100000, actor=owner)
    assert expires <= timezone.now() + timedelta(days=90)


def test_one_sees_and_ends_one_s_own_tokens_alone(api, owner, viewer):
    mine, other = api(owner), api(viewer)
    [token] = mine.get("/api/v1/tokens/").json()["results"]
    assert other.delete(f"/api/v1/tokens/{token['id']}/").status_code == 404
    assert mine.delete(f"/api/v1/tokens/{token['id']}/").status_code == 204
    assert mine.get("/api/v1/me").status_code == 401


def test_nobody_makes_a_token_for_another(owner, viewer):
    with pytest.raises(Forbidden):
        services.create_token(user=owner, actor=viewer)


def test_a_person_kept_out_loses_tokens_at_once(api, owner, admin):
    client = api(owner)
    services.set_active(user=owner, active=False, actor=admin)
    assert client.get("/api/v1/me").status_code == 401
    assert not ApiToken.objects.filter(user=owner).exists()
