"""How fast drift is repaired: a Deployment is deleted, or its image edited, again and again, each time till it is back.

    python -m bench.repair [--lab demo] [--cluster east] [--times 50] [--hammer] [--out docs/bench/repair.json]

Runs against the demo's application as the cluster's administrator, so what is timed is the whole way: watch, wake,
lease, compare, apply. "Back" is the first read of the object that says what was declared; the reads come every 5 ms,
which is part of the figure. Before each change the application is left to become available again; with `--hammer` the
next change comes at once, into the middle of the repair and the rollout that the one before has caused.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from clusters.client import ClusterClient, Endpoint
from clusters.kinds import WELL_KNOWN
from clusters.kubeconfig import parse

DEPLOYMENT = WELL_KNOWN["apps/v1", "Deployment"]
SELECTOR = "app.kubernetes.io/managed-by=dougong"
POLL_SECONDS = 0.005
GIVE_UP_SECONDS = 60.0
FOREIGN_IMAGE = "registry.invalid/drift@sha256:" + "0" * 64


async def measure(client: ClusterClient, times: int, *, hammer: bool) -> dict[str, Any]:
    """Seconds of each repair: {"deleted": [...], "edited": [...]}."""
    items, _ = await client.list(DEPLOYMENT, selector=SELECTOR)
    if not items:
        raise SystemExit("No Deployment of Dougong's lives on this cluster: run `make demo` first.")
    namespace, name = items[0]["metadata"]["namespace"], items[0]["metadata"]["name"]
    image = _image(items[0])
    found: dict[str, list[float]] = {"deleted": [], "edited": []}
    for _ in range(times):
        if not hammer:
            await _until(client, namespace, name, _available)
        found["deleted"].append(await _deleted(client, namespace, name))
        if not hammer:
            await _until(client, namespace, name, _available)
        found["edited"].append(await _edited(client, namespace, name, image))
    return found


async def _deleted(client: ClusterClient, namespace: str, name: str) -> float:
    live = await client.get(DEPLOYMENT, namespace, name)
    assert live is not None
    uid = live["metadata"]["uid"]
    await client.delete(DEPLOYMENT, namespace, name, uid=uid)
    began = time.perf_counter()
    await _until(client, namespace, name, lambda body: body is not None and body["metadata"]["uid"] != uid)
    return time.perf_counter() - began


async def _edited(client: ClusterClient, namespace: str, name: str, image: str) -> float:
    body = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": FOREIGN_IMAGE}]
    await client.request(
        "PATCH", DEPLOYMENT.path(namespace, name), body=body, content_type="application/json-patch+json"
    )
    began = time.perf_counter()
    await _until(client, namespace, name, lambda body: body is not None and _image(body) == image)
    return time.perf_counter() - began


async def _until(client: ClusterClient, namespace: str, name: str, check: Any) -> None:
    async with asyncio.timeout(GIVE_UP_SECONDS):
        while not check(await client.get(DEPLOYMENT, namespace, name)):
            await asyncio.sleep(POLL_SECONDS)


def _available(body: dict[str, Any] | None) -> bool:
    """Whether the rollout is over: all replicas are of the present generation and available."""
    if body is None:
        return False
    status, wanted = body.get("status") or {}, body["spec"]["replicas"]
    counts = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")]
    return bool(status.get("observedGeneration") == body["metadata"]["generation"] and counts == [wanted] * 3)


def _image(body: dict[str, Any]) -> str:
    return str(body["spec"]["template"]["spec"]["containers"][0]["image"])


def summary(seconds: list[float]) -> dict[str, float | int]:
    """Count, p50, p99 and the longest, in seconds."""
    ranks = statistics.quantiles(seconds, n=100, method="inclusive")
    return {
        "n": len(seconds),
        "p50": round(ranks[49], 4),
        "p99": round(ranks[98], 4),
        "max": round(max(seconds), 4),
    }


def client_for(lab: str, cluster: str) -> ClusterClient:
    """The administrator of a cluster of the lab."""
    argv = [sys.executable, "-m", "deploy.lab", "--lab", lab, "kubeconfig", cluster]
    admin = parse(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)
    return ClusterClient(
        Endpoint(
            admin.server, admin.ca_data, admin.token or "", admin.client_certificate or "", admin.client_key or "",
            allowed=("198.18.0.0/15",),
        )
    )  # fmt: skip


async def run(arguments: argparse.Namespace) -> dict[str, Any]:
    client = client_for(arguments.lab, arguments.cluster)
    try:
        found = await measure(client, arguments.times, hammer=arguments.hammer)
        version = await client.request("GET", "/version")
    finally:
        await client.close()
    return {
        "what": "seconds from a foreign change to the declared state",
        "hammer": arguments.hammer,
        "kubernetes": version["gitVersion"],
        "python": platform.python_version(),
        "cpus": len(os.sched_getaffinity(0)),
        **{name: summary(seconds) for name, seconds in found.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast drift is repaired on a running demo.")
    parser.add_argument("--lab", default="demo")
    parser.add_argument("--cluster", default="east")
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--hammer", action="store_true", help="disturb without waiting for the rollout")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    result = json.dumps(asyncio.run(run(arguments)), indent=2)
    print(result)  # noqa: T201 - a program's answer
    if arguments.out:
        arguments.out.write_text(result + "\n")


if __name__ == "__main__":
    main()
