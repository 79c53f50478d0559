"""Wei, whom a provider knows, and what became of a visit."""

from paas.core.models import AuditEvent

GROUPS = {"shop-dev": "shop:developer", "shop-lead": ["shop:owner"], "it": ["operators", "shop:viewer"]}
WEI = {"sub": "4711", "preferred_username": "wei", "email": "wei@example.test", "groups": ["shop-dev"], "sid": "s1"}
BACK, SIGNED_OUT = "/console/login/by/corp/back/", "/console/login/by/corp/signed-out/"


def inside(client):
    return client.get("/console/").status_code == 200


def failures():
    return [event.how for event in AuditEvent.objects.filter(action="sign_in.failed").order_by("id")]


def told(client, answer):
    """What the page says that the person is sent back to."""
    assert answer["Location"] == "/console/login/"
    return client.get("/console/login/").content.decode()
