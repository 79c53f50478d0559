"""A person in front of the API: `ada`, who owns the project `demo`, and an application of hers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from bench.testbed import Testbed
from deploy.demo import people

HTTP_SECONDS = 60.0


@dataclass
class Person:
    """Signed in."""

    client: httpx.Client

    def deploy(self, document: dict[str, Any]) -> None:
        """Declare an application, as `dougong deploy` does; httpx.HTTPStatusError where it is refused."""
        path = f"/projects/{people.PROJECT}/applications/{document['name']}/"
        answer = self.client.put(path, json={"appFile": document})
        answer.raise_for_status()

    def namespace(self, application: str) -> str:
        """The namespace of its only environment."""
        found = self.client.get("/environments/", params={"application": application}).raise_for_status().json()
        return str(found["results"][0]["namespace"])


@contextmanager
def signed_in(bed: Testbed) -> Iterator[Person]:
    """The owner of the demo's project."""
    password = json.loads((bed.plane.state / "logins.json").read_text())[people.OWNER]
    with httpx.Client(base_url=f"{bed.plane.server}/api/v1", trust_env=False, timeout=HTTP_SECONDS) as client:
        answer = client.post("/login", json={"username": people.OWNER, "password": password}).raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        yield Person(client)


def document(name: str, image: str, *, replicas: int, args: Sequence[str] = (), host: str = "") -> dict[str, Any]:
    """The app file of a small application on `east`."""
    process = {"name": "web", "replicas": replicas, "cpu": "50m", "memory": "64Mi", "args": list(args)}
    route = [{"route": {"process": "web", "host": host}}] if host else []
    return {
        "name": name,
        "project": people.PROJECT,
        "image": image,
        "environments": {"production": {"clusters": ["east"]}},
        "blocks": [
            {"process": process},
            {"port": {"process": "web", "port": 8080}},
            {"config": {"values": {"GREETING": "hello"}}},
            *route,
        ],
    }
