"""A provider that is set, and a browser that comes by it."""

import pytest
from pydantic import SecretStr

from paas.identity.models import User
from paas.identity.oidc import documents
from paas.identity.oidc.providers import Provider
from tests.paas.identity.oidc.visits import BACK, GROUPS, WEI
from tests.paas.identity.openid_provider import CLIENT, SECRET, OpenIdProvider


@pytest.fixture
def openid():
    provider = OpenIdProvider()
    provider.start()
    documents.forget()
    yield provider
    provider.stop()
    documents.forget()


@pytest.fixture
def corp(openid, settings):
    found = Provider(
        id="corp", name="Corp", issuer=openid.issuer, client_id=CLIENT, client_secret=SecretStr(SECRET), groups=GROUPS
    )
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"oidc_providers": (found,)})
    return found


@pytest.fixture
def come(client, openid, corp):
    """come(person) → the answer to the browser that comes back from the provider."""

    def go(person=WEI, *, at="/console/login/by/corp/", browser=client, **bent):
        sent = browser.post(at)
        assert sent.status_code == 302, sent
        return browser.get(BACK, {**openid.authorize(sent["Location"], **person), **bent})

    return go


@pytest.fixture
def wei(client, come, team, api):
    come()
    found = User.objects.get(username="wei")
    found.bearer = api(found)
    return found
