"""The page that approves a machine, in a browser: nothing happens before the button, and nobody else decides."""

import pytest

from paas.identity import devices
from paas.identity.models import ApiToken, DeviceGrant

pytestmark = pytest.mark.browser


def test_a_code_is_followed_looked_at_and_approved(signed_in, live_server, errors):
    begun = devices.begin(client_id="dougong-cli", scope="deploy", machine="olga@laptop", address="192.0.2.7")
    signed_in.goto(f"{live_server.url}/console/device/?code={begun.user_code}")
    assert signed_in.get_by_text("olga@laptop").is_visible()
    assert DeviceGrant.objects.get().state == "pending"
    signed_in.get_by_role("button", name="Approve").click()
    signed_in.get_by_text("is signed in as you").wait_for()
    assert devices.redeem(client_id="dougong-cli", device_code=begun.device_code).scope == "deploy"
    signed_in.get_by_role("link", name="Your tokens").click()
    signed_in.get_by_role("link", name="Revoke").click()
    signed_in.get_by_label("To confirm, type the name of the token").fill(ApiToken.objects.get().name)
    signed_in.get_by_role("button", name="Revoke").click()
    signed_in.get_by_text("is revoked").wait_for()
    assert not ApiToken.objects.exists()
    assert errors == []
