"""The contenders: programs that apply a file of bodies by server-side apply, as fast as they can.

    python -m bench.contenders raw|official FILE

FILE is JSON: {"server", "ca", "token", "concurrency", "bodies"}. Prints {"seconds", "cpu"}: from the first request to
the last answer, without the start of Python, the imports and the discovery of kinds. `raw` is aiohttp and orjson and
nothing else, the limit of what an asynchronous Python client can do; `official` is the `kubernetes` package's dynamic
client on threads. An answer that is no success ends the program.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from ssl import create_default_context
from typing import Any

import aiohttp
import orjson
from kubernetes import client as official_client
from kubernetes.dynamic import DynamicClient

from bench.objects import path_of

MANAGER = "dougong"
OK = (200, 201)

Order = dict[str, Any]


def raw(order: Order) -> dict[str, float]:
    """aiohttp and orjson."""
    return asyncio.run(_raw(order))


async def _raw(order: Order) -> dict[str, float]:
    context = create_default_context(cadata=order["ca"])
    headers = {
        "Authorization": f"Bearer {order['token']}",
        "Accept": "application/json",
        "Content-Type": "application/apply-patch+yaml",
    }
    params = {"fieldManager": MANAGER, "fieldValidation": "Strict"}
    left: Iterator[Any] = iter(order["bodies"])
    connector = aiohttp.TCPConnector(limit=0, ssl=context)

    async def work(session: aiohttp.ClientSession) -> None:
        for body in left:
            async with session.patch(path_of(body), params=params, data=orjson.dumps(body)) as response:
                answer = orjson.loads(await response.read())
                assert response.status in OK, answer

    async with aiohttp.ClientSession(order["server"], connector=connector, headers=headers) as session:
        began, cpu = time.perf_counter(), time.process_time()
        async with asyncio.TaskGroup() as group:
            for _ in range(order["concurrency"]):
                group.create_task(work(session))
        return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}


def official(order: Order) -> dict[str, float]:
    """The dynamic client of the `kubernetes` package, on threads."""
    with tempfile.NamedTemporaryFile("w", suffix=".crt") as authority:
        authority.write(order["ca"])
        authority.flush()
        configuration = official_client.Configuration()
        configuration.host, configuration.ssl_ca_cert = order["server"], authority.name
        configuration.api_key = {"authorization": f"Bearer {order['token']}"}
        configuration.connection_pool_maxsize = order["concurrency"]
        dynamic: Any = DynamicClient(official_client.ApiClient(configuration))  # type: ignore[no-untyped-call]
        kinds = {(each["apiVersion"], each["kind"]) for each in order["bodies"]}
        resources = {kind: dynamic.resources.get(api_version=kind[0], kind=kind[1]) for kind in kinds}

        def work(body: dict[str, Any]) -> None:
            metadata = body["metadata"]
            dynamic.server_side_apply(
                resources[body["apiVersion"], body["kind"]], body=body, name=metadata["name"],
                namespace=metadata["namespace"], field_manager=MANAGER,
            )  # fmt: skip

        with ThreadPoolExecutor(order["concurrency"]) as pool:
            began, cpu = time.perf_counter(), time.process_time()
            for done in [pool.submit(work, body) for body in order["bodies"]]:
                done.result()
            return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}


if __name__ == "__main__":
    program = {"raw": raw, "official": official}[sys.argv[1]]
    print(json.dumps(program(json.loads(Path(sys.argv[2]).read_text()))))  # noqa: T201 - the answer
