"""An admission webhook for tests: an HTTPS server that an API server asks, and its configuration on the cluster.

    with Webhook("198.18.0.1") as webhook:
        webhook.answer = lambda review: denied("not on a Friday")
        admin.request("POST", configurations("validating"), webhook.configuration("shop", "validating"))

`answer` is asked once a review, which is what Kubernetes sends as `request`; it returns the `response`.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.certificate import serving

Review = dict[str, Any]
ADMISSION = "admissionregistration.k8s.io/v1"
RULE = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["CREATE", "UPDATE"], "resources": ["*"]}


def allowed(*patch: dict[str, Any]) -> dict[str, Any]:
    """Let it pass, changed by these operations of a JSON patch."""
    if not patch:
        return {"allowed": True}
    encoded = base64.b64encode(json.dumps(patch).encode()).decode()
    return {"allowed": True, "patchType": "JSONPatch", "patch": encoded}


def denied(message: str) -> dict[str, Any]:
    return {"allowed": False, "status": {"message": message}}


def configurations(kind: str, name: str = "") -> str:
    """REST path of the validating or mutating configurations, or of one."""
    return f"/apis/{ADMISSION}/{kind}webhookconfigurations" + (f"/{name}" if name else "")


class Webhook:
    """Listens on an address of this machine that the API server reaches. `seen` are the reviews so far."""

    def __init__(self, address: str) -> None:
        self.answer: Callable[[Review], dict[str, Any]] = lambda review: allowed()
        self.seen: list[Review] = []
        self.ca, context = serving(address)
        self._server = ThreadingHTTPServer((address, 0), _handler(self))
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"https://{address}:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Nobody listens any more."""
        self._server.shutdown()
        self._server.server_close()

    def configuration(self, namespace: str, kind: str, **given: Any) -> dict[str, Any]:
        """What makes the API server ask for each object in the namespace, and for nothing else."""
        hook = {
            "name": f"{namespace}.test.dougong.dev",
            "clientConfig": {"url": self.url, "caBundle": base64.b64encode(self.ca.encode()).decode()},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "rules": [{**RULE, "scope": "Namespaced"}],
            "sideEffects": "None", "admissionReviewVersions": ["v1"], "timeoutSeconds": 1, "failurePolicy": "Fail",
            **given,
        }  # fmt: skip
        name = f"{kind.capitalize()}WebhookConfiguration"
        return {"apiVersion": ADMISSION, "kind": name, "metadata": {"name": namespace}, "webhooks": [hook]}


def _handler(webhook: Webhook) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            webhook.seen.append(review["request"])
            response = {"uid": review["request"]["uid"], **webhook.answer(review["request"])}
            body = json.dumps({**review, "request": None, "response": response}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
