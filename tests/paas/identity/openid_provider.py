"""A small OpenID provider that really answers, on loopback: discovery, keys, codes with PKCE, refresh tokens.

Whoever tests may bend what it signs (`bent`, `signer`), take a sign-in back (`tokens`), hold an answer back or cut it
off (`before`), or stop it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "dougong", "a client's secret"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


class Key:
    """A pair of keys with an id."""

    def __init__(self, kid):
        self.kid = kid
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def published(self):
        return {
            **jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True),
            "kid": self.kid,
            "use": "sig",
        }

    def sign(self, claims, **headers):
        return jwt.encode(claims, self.private, algorithm="RS256", headers={"kid": self.kid, **headers})


class Server(ThreadingHTTPServer):
    """Many may knock at once."""

    request_queue_size = 128


class OpenIdProvider:
    """Started by `start`, stopped by `stop`."""

    def __init__(self):
        self.key = Key("first")
        self.published = [self.key]
        self.codes = {}
        self.tokens = {}
        self.asked = []
        self.bent = {}
        self.signer = None
        self.vouches = True  # with an identity token at each renewal
        # Called with each form before it is answered; what raises a ConnectionError is never answered.
        self.before = lambda form: None
        self.connections = 0
        self.server = None
        self.port = 0
        self.named = None

    @property
    def issuer(self):
        return f"http://127.0.0.1:{self.port}/realm"

    def start(self):
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                provider.connections += 1

            def do_GET(self):
                self.answer(*provider.get(urlsplit(self.path)))

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                try:
                    provider.before(form)
                    self.answer(*provider.token(form))
                except ConnectionError:
                    self.close_connection = True

            def answer(self, status, document):
                data = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def get(self, parts):
        if parts.path == "/realm/.well-known/openid-configuration":
            at = self.issuer
            return 200, {
                "issuer": self.named or at,
                "authorization_endpoint": f"{at}/authorize",
                "token_endpoint": f"{at}/token",
                "jwks_uri": f"{at}/keys",
            }
        if parts.path == "/realm/keys":
            return 200, {"keys": [key.published() for key in self.published]}
        return 404, {}

    def authorize(self, address, **person):
        """What the browser comes back with when the person has signed in: {"code": ..., "state": ...}."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{self.issuer}/authorize?")
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked, person
        return {"code": code, "state": asked["state"]}

    def token(self, form):
        self.asked.append(form)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        if form["grant_type"] == "refresh_token":
            person = self.tokens.pop(form["refresh_token"], None)
            if person is None:
                return 400, {"error": "invalid_grant"}
            return 200, {**self.granted(person), **({"id_token": self.id_token(person)} if self.vouches else {})}
        asked, person = self.codes.pop(form["code"], (None, None))
        if asked is None or asked["redirect_uri"] != form["redirect_uri"] or not self.proven(asked, form):
            return 400, {"error": "invalid_grant"}
        return 200, {**self.granted(person), "id_token": self.id_token(person, nonce=asked["nonce"])}

    @staticmethod
    def proven(asked, form):
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]

    def granted(self, person):
        token = secrets.token_urlsafe(8)
        self.tokens[token] = person
        return {"access_token": "x", "token_type": "Bearer", "refresh_token": token}

    def id_token(self, person, **more):
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, **person, **more, **self.bent}
        claims = {name: value for name, value in claims.items() if value is not None}
        return self.signer(claims) if self.signer else self.key.sign(claims)

    def logout_token(self, **more):
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": secrets.token_hex(8),
            "events": {EVENT: {}}, **more,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        return self.signer(claims) if self.signer else self.key.sign(claims)
