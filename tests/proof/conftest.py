"""Two teams with one of everything, and the net that finds what is theirs."""

import pytest
from allauth.mfa.models import Authenticator

import paas.celery  # noqa: F401 - the broker of the tests: without it a hint looks for one on the network
from tests.proof.canary import Net
from tests.proof.rows import rows
from tests.proof.tenants import platform, settle


@pytest.fixture
def net():
    return Net()


class Stage:
    """Team A, whose things B must neither see nor touch, and team B. `theirs` are A's own rows."""

    def __init__(self, net):
        self.net = net
        self.on = platform(lambda name: "a long password")
        before = rows()
        self.a = settle(self.on, "a", mark=net.plant, plant=net.plant)
        _passkey(self.a)
        self.theirs = rows().keys() - before.keys()
        # What has names of its own only: B may come upon the same words.
        self.b = settle(self.on, "b", mark=_words(), plant=_words())
        _passkey(self.b)
        # Each may see their own: else refusing everybody would pass.
        for each in (self.a, self.b):
            for role in each.tokens:
                assert each.client(role).get(f"/api/v1/environments/{each.environment.pk}/").status_code == 200
        self.before = {key: digest for key, digest in rows().items() if key in before or key in self.theirs}


def _passkey(of):
    """Of one of its people, which is nobody else's business either."""
    Authenticator.objects.create(user=of.people["viewer"], type=Authenticator.Type.WEBAUTHN, data={"name": "a key"})


def _words():
    """Texts of B: letters and digits, each another."""
    made = iter(range(1000))
    return lambda name: f"of-b-{next(made)}-{'x' * 16}"


@pytest.fixture
def stage(transactional_db, net):
    """Each act in a transaction of its own, as in life: by these the audit trail is joined."""
    return Stage(net)
