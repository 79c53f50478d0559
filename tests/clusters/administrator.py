"""The clusters of the lab as their administrator sees and changes them, behind the back of the loop."""

import asyncio
import base64
import subprocess
import sys
import threading
from pathlib import Path

import yaml

from clusters.client import ClusterClient, Endpoint
from clusters.faults import ApiRefused
from clusters.kinds import WELL_KNOWN
from tests.labs import LAB

ROOT = Path(__file__).resolve().parents[2]
NETWORKS = ("198.18.0.0/15", "127.0.0.0/8")
KINDS = {kind: resource for (_, kind), resource in WELL_KNOWN.items()}


def lab(*arguments, stdin=None):
    argv = [sys.executable, "-m", "deploy.lab", "--lab", LAB, *arguments]
    done = subprocess.run(argv, cwd=ROOT, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Admin:
    """The administrator of a cluster: what people do to it behind our back, and what a test looks at."""

    def __init__(self, kubeconfig):
        found = yaml.safe_load(kubeconfig)
        cluster, user = found["clusters"][0]["cluster"], found["users"][0]["user"]
        self.server = cluster["server"]
        self.ca = _decoded(cluster["certificate-authority-data"])
        self.certificate, self.key = (_decoded(user[f"client-{each}-data"]) for each in ("certificate", "key"))
        marks = {"client_certificate": self.certificate, "client_key": self.key, "allowed": NETWORKS}
        self._client = ClusterClient(Endpoint(self.server, self.ca, **marks))
        self._loop = asyncio.Runner()
        self._one = threading.Lock()

    def run(self, coroutine):
        with self._one:
            return self._loop.run(coroutine)

    def request(self, method, path, body=None, **given):
        return self.run(self._client.request(method, path, body=body, **given))

    def get(self, oid):
        return self.run(self._client.get(KINDS[oid.kind], oid.namespace, oid.name))

    def list(self, kind, namespace="", selector=""):
        return self.run(self._client.list(KINDS[kind], namespace, selector=selector))[0]

    def create(self, body, dry_run=False):
        path = KINDS[body["kind"]].path(body["metadata"].get("namespace", ""))
        return self.request("POST", path, body, params={"dryRun": "All"} if dry_run else None)

    def merge(self, oid, patch, content_type="application/merge-patch+json", manager="kubectl-edit"):
        path = KINDS[oid.kind].path(oid.namespace, oid.name)
        return self.request("PATCH", path, patch, content_type=content_type, params={"fieldManager": manager})

    def scale(self, oid, replicas):
        return self.request(
            "PATCH", f"{KINDS[oid.kind].path(oid.namespace, oid.name)}/scale", {"spec": {"replicas": replicas}},
            content_type="application/merge-patch+json",
        )  # fmt: skip

    def delete(self, oid, **options):
        body = {"apiVersion": "v1", "kind": "DeleteOptions", **options}
        try:
            self.request("DELETE", KINDS[oid.kind].path(oid.namespace, oid.name), body)
        except ApiRefused as refusal:
            if refusal.status != 404:
                raise

    def until(self, check, seconds=30):
        """Poll what can be observed; the last of it when it holds."""

        async def poll():
            async with asyncio.timeout(seconds):
                while not (found := await check(self._client)):  # noqa: ASYNC110 - a cluster sets no event of ours
                    await asyncio.sleep(0.05)
                return found

        return self.run(poll())

    def close(self):
        self.run(self._client.close())
        self._loop.close()


def _decoded(text):
    return base64.b64decode(text).decode()
