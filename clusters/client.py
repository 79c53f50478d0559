"""The only way to a member cluster: its objects as plain dicts, asked for, applied, deleted and watched.

Everything above speaks through this; nothing above opens a connection, which is `connection`'s.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from http import HTTPStatus
from typing import Any

import orjson

from clusters.connection import REQUEST_SECONDS, Connection, Endpoint
from clusters.faults import ApiRefused, Unreachable
from clusters.kinds import Resource

__all__ = ["APPLY", "REQUEST_SECONDS", "ClusterClient", "Endpoint"]

READ_TRIES = 3
PAUSE_SECONDS = (0.1, 0.5)  # where the server names none
PAGE = 500
APPLY = "application/apply-patch+yaml"  # JSON is YAML; the server takes orjson's bytes as they are
JSON = "application/json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


class ClusterClient(Connection):
    """Speaks to one API server. Raises only ClusterFault; the caller bounds the time by `timeout` seconds a call."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = JSON,
        accept: str = JSON,
        timeout: float = REQUEST_SECONDS,
    ) -> Any:
        """One call, decoded. Raises Unreachable or ApiRefused.

        A read that the server fails or has no time for is asked again, as far as `timeout` goes. A write is not: who
        sent it backs off.
        """
        over = time.monotonic() + timeout
        headers = {"Accept": accept, **({"Content-Type": content_type} if body is not None else {})}
        for left in reversed(range(READ_TRIES if method == "GET" else 1)):
            try:
                left_of_it = over - time.monotonic()
                return (await self.ask(method, path, params=params, body=body, headers=headers, timeout=left_of_it))[1]
            except ApiRefused as refusal:
                pause = refusal.retry_after or random.uniform(*PAUSE_SECONDS)  # noqa: S311 - no secret, only spread
                if not (left and refusal.transient) or time.monotonic() + pause >= over:
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")

    async def get(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        *,
        metadata_only: bool = False,
        timeout: float = REQUEST_SECONDS,
    ) -> dict[str, Any] | None:
        """The object, or None where the server says that there is none of that name."""
        accept = METADATA if metadata_only else JSON
        try:
            return _object(await self.request("GET", resource.path(namespace, name), accept=accept, timeout=timeout))
        except ApiRefused as refusal:
            if refusal.absent:
                return None
            raise

    async def page(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        selector: str = "",
        token: str = "",
        limit: int = PAGE,
        metadata_only: bool = False,
        timeout: float = REQUEST_SECONDS,
    ) -> tuple[list[dict[str, Any]], str, str]:
        """One page of a list: its items, the token of the next page ("" after the last), the list's resourceVersion.

        Items carry apiVersion and kind. With `metadata_only` they have nothing else but their metadata, which is less
        to send and to decode.
        """
        params = {
            "limit": str(limit),
            **({"labelSelector": selector} if selector else {}),
            **({"continue": token} if token else {}),
        }
        accept = METADATA_LIST if metadata_only else JSON
        answer = await self.request("GET", resource.path(namespace), params=params, accept=accept, timeout=timeout)
        page = _object(answer)
        kind = {"apiVersion": resource.api_version, "kind": resource.kind}
        items = [{**item, **kind} for item in page.get("items") or []]
        metadata = page["metadata"]
        return items, metadata.get("continue") or "", str(metadata.get("resourceVersion") or "")

    async def list(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        selector: str = "",
        limit: int = PAGE,
        timeout: float = REQUEST_SECONDS,
    ) -> tuple[list[dict[str, Any]], str]:
        """All objects, page by page, each within `timeout`, and the list's resourceVersion."""
        items: list[dict[str, Any]] = []
        token = ""
        while True:
            page, token, version = await self.page(
                resource, namespace, selector=selector, token=token, limit=limit, timeout=timeout
            )
            items += page
            if not token:
                return items, version

    async def apply(
        self,
        resource: Resource,
        body: Mapping[str, Any],
        *,
        manager: str,
        force: bool,
        timeout: float = REQUEST_SECONDS,
    ) -> tuple[dict[str, Any], bool]:
        """Server-side apply; returns the live object and whether it was created by this call."""
        metadata = body["metadata"]
        params = {"fieldManager": manager, "fieldValidation": "Strict", **({"force": "true"} if force else {})}
        headers = {"Accept": JSON, "Content-Type": APPLY}
        path = resource.path(metadata.get("namespace", ""), metadata["name"])
        status, live = await self.ask("PATCH", path, params=params, body=body, headers=headers, timeout=timeout)
        return _object(live), status == HTTPStatus.CREATED

    async def delete(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        *,
        uid: str,
        resource_version: str = "",
        propagation: str = "Background",
        timeout: float = REQUEST_SECONDS,
    ) -> bool:
        """Delete exactly the object with `uid` (and `resource_version`, where given); False where it is gone."""
        preconditions = {"uid": uid, **({"resourceVersion": resource_version} if resource_version else {})}
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": preconditions,
            "propagationPolicy": propagation,
        }
        try:
            await self.request("DELETE", resource.path(namespace, name), body=body, timeout=timeout)
        except ApiRefused as refusal:
            if refusal.absent:
                return False
            raise
        return True

    async def watch(
        self, resource: Resource, *, selector: str, since: str, idle_seconds: float = 330.0
    ) -> AsyncIterator[dict[str, Any]]:
        """Events {"type", "object"} from `since` on, bookmarks included, until the server ends the stream.

        An ERROR event is raised as ApiRefused (410 where `since` is too old). Silence longer than `idle_seconds` is
        Unreachable.
        """
        params = {
            "watch": "1",
            "allowWatchBookmarks": "true",
            "labelSelector": selector,
            "resourceVersion": since,
            "timeoutSeconds": "300",
        }
        lines = self.stream(resource.path(), params, accept=JSON, idle_seconds=idle_seconds)
        async with aclosing(lines):
            async for line in lines:
                event = orjson.loads(line)
                if event.get("type") == "ERROR":
                    status = event.get("object") or {}
                    raise ApiRefused.of(int(status.get("code") or 500), status, None)
                yield event


def _object(answer: Any) -> dict[str, Any]:
    """An answer that has to be a Kubernetes object or list. Garbage says nothing of what is there."""
    if not isinstance(answer, dict) or not isinstance(answer.get("metadata"), dict):
        raise Unreachable("the answer is no Kubernetes object")
    return answer
