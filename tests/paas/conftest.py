"""People and a team, as the services make them."""

import pytest
from rest_framework.test import APIClient

from paas.identity import services


@pytest.fixture
def admin(db):
    return services.bootstrap_admin(username="admin", password="a long password")


@pytest.fixture
def person(admin):
    def make(username):
        return services.create_user(username=username, password=f"{username} likes dumplings", actor=admin)

    return make


@pytest.fixture
def owner(person):
    return person("olga")


@pytest.fixture
def viewer(person):
    return person("victor")


@pytest.fixture
def stranger(person):
    return person("stella")


@pytest.fixture
def operator(person, admin):
    user = person("oscar")
    services.set_operator(user=user, operator=True, actor=admin)
    return user


@pytest.fixture
def team(admin, owner, viewer):
    team = services.create_team(name="shop", title="The shop", actor=admin)
    services.add_member(team=team, user=owner, role="owner", actor=admin)
    services.add_member(team=team, user=viewer, role="viewer", actor=admin)
    services.remove_member(team=team, user=admin, actor=admin)
    return team


@pytest.fixture
def api():
    """A client of the API that presents a real token of the person."""

    def client(user=None):
        made = APIClient()
        if user is not None:
            token, _ = services.create_token(user=user, name="test", actor=user)
            made.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return made

    return client
