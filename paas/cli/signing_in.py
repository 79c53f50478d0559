"""The API as the commands use it, the part about signing in: people, their tokens, and service accounts."""

from __future__ import annotations

from urllib.parse import quote

from paas.cli.calls import Body, Calls
from paas.cli.errors import UsageError
from paas.cli.http import path

CLIENT_ID = "dougong-cli"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class SigningIn(Calls):
    """How one comes in, and with which tokens."""

    def login(self, username: str, password: str, name: str) -> Body:
        """{"token", "expires_at"}; the token is called `name` in the list of tokens."""
        form = {"username": username, "password": password, "name": name}
        return self._object("POST", "/api/v1/login", form)

    def begin_sign_in(self, scope: str, machine: str) -> Body:
        """{"device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval"}."""
        fields = {"client_id": CLIENT_ID, "scope": scope, "machine": machine}
        return dict(self.http.form("/api/v1/oauth/device_authorization", fields).body)

    def finish_sign_in(self, device_code: str) -> Body:
        """{"access_token", "expires_in", "scope"}, or {"error"} and its description."""
        fields = {"grant_type": DEVICE_GRANT, "device_code": device_code, "client_id": CLIENT_ID}
        return dict(self.http.form("/api/v1/oauth/token", fields).body)

    def me(self) -> Body:
        """Oneself: {"username", "email", "operator", "teams"}."""
        return self._object("GET", "/api/v1/me")

    def end_token(self, token: str) -> None:
        """Revoke a token; the API knows it by its first characters."""
        for known in self.tokens():
            if token.startswith(str(known["id"])):
                self.revoke_token(str(known["id"]))

    def tokens(self, account: str = "") -> list[Body]:
        """One's own, or those of the service account TEAM/NAME."""
        return list(self.http.pages(_tokens(account)))

    def create_token(self, order: Body, account: str = "") -> Body:
        """{"name", "scope", "days"}; {"token", "expires_at"}, shown this once."""
        return self._object("POST", _tokens(account), order)

    def revoke_token(self, token_id: str, account: str = "") -> None:
        """End it."""
        self.http.send("DELETE", f"{_tokens(account)}{quote(token_id, safe='')}/")

    def service_accounts(self, team: str) -> list[Body]:
        """Who a team's pipelines are."""
        return list(self.http.pages(path("teams", team, "service-accounts")))

    def create_service_account(self, team: str, name: str) -> Body:
        """A new one."""
        return self._object("POST", path("teams", team, "service-accounts"), {"name": name})

    def remove_service_account(self, team: str, name: str) -> None:
        """End it and its tokens."""
        self.http.send("DELETE", path("teams", team, "service-accounts", name))


def account_of(reference: str) -> tuple[str, str]:
    """The team and the name of a service account TEAM/NAME. UsageError where it is not that."""
    team, separator, name = reference.partition("/")
    if not team or not separator or not name or "/" in name:
        raise UsageError(f"{reference!r} is no service account.", remedy="Name it as TEAM/NAME.")
    return team, name


def _tokens(account: str) -> str:
    if not account:
        return path("tokens")
    team, name = account_of(account)
    return path("teams", team, "service-accounts", name, "tokens")
