"""Desired Kubernetes objects as values: identity, apply order, digests and the stamp of ownership.

Renderers make `Manifest`s, a Work stores them, the delivery loop sends `stamped` bodies and compares digests.
Pure.
"""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson

Body = dict[str, Any]

ANNOTATION_CLAIM = "dougong.dev/claim"
ANNOTATION_EPOCH = "dougong.dev/epoch"
ANNOTATION_RELEASE = "dougong.dev/release"
ANNOTATION_GENERATION = "dougong.dev/generation"
# They change from delivery to delivery while the object stays the same, so no digest may see them.
VOLATILE_ANNOTATIONS = frozenset({ANNOTATION_CLAIM, ANNOTATION_EPOCH, ANNOTATION_RELEASE, ANNOTATION_GENERATION})
LABEL_OWNER = "dougong.dev/owner"
LABEL_WORK = "dougong.dev/work"
FIELD_MANAGER = "dougong"
HANDOVER_MANAGER = "dougong-handover"

# Apply order: a phase waits for the one before; inside a phase the order is the order of the names.
PHASES: tuple[tuple[str, ...], ...] = (
    ("Namespace", "CustomResourceDefinition", "PriorityClass", "StorageClass"),
    (
        "ServiceAccount", "ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding",
        "ResourceQuota", "LimitRange", "NetworkPolicy",
    ),
    ("ConfigMap", "Secret", "ExternalSecret", "PersistentVolume", "PersistentVolumeClaim"),
    ("Service", "PodDisruptionBudget"),
    ("DaemonSet", "StatefulSet", "Deployment", "ReplicaSet", "Pod", "Job", "CronJob"),
    ("HorizontalPodAutoscaler", "ScaledObject", "Gateway", "ReferenceGrant", "HTTPRoute", "GRPCRoute", "Ingress"),
)  # fmt: skip
# A kind not named above is a custom one: what it may need has then been applied before it.
LAST_PHASE = len(PHASES) - 1
_POSITION = {kind: (phase, place) for phase, kinds in enumerate(PHASES) for place, kind in enumerate(kinds)}

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_RE = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_LABEL_RE = re.compile(_LABEL)
_VERSION_RE = re.compile(r"v[0-9]+((alpha|beta)[0-9]+)?")
_KIND_RE = re.compile(r"[A-Z][A-Za-z0-9]{0,62}")
_ID_RE = re.compile(r"([^/]+)/([^/]+)/([^/]*)/([^/]+)")
_DATA_KEY_RE = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_SERVER_METADATA = (
    "managedFields", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
    "deletionGracePeriodSeconds", "selfLink", "generateName",
)  # fmt: skip
_SURROGATE_RE = re.compile(r"[\ud800-\udfff]")
_MAX_DEPTH = 64
# What surely fits 64 bits.
_EPOCH_DIGITS = 18
_MAX_NAME = 253
_MAX_NAMESPACE = 63
_INT64 = 2**63
_ONLY_JSON = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
# A float may have to be written as an int, and what is no number is written as null.
_UNSURE_RE = re.compile(rb"null|(?:^|[:\[,])-?[0-9]+[.eE]")


@dataclass(frozen=True, order=True)
class ObjectId:
    """What an object is called in a cluster, whichever version it is read by; namespace "" if cluster-scoped."""

    group: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> ObjectId:
        """The id of an object, live or desired. ValueError when apiVersion, kind or name is not there."""
        found = body.get("metadata")
        metadata = found if isinstance(found, Mapping) else {}
        api_version, kind, name = body.get("apiVersion"), body.get("kind"), metadata.get("name")
        if not all(isinstance(text, str) and text for text in (api_version, kind, name)):
            raise ValueError("an object needs apiVersion, kind and metadata.name")
        group = str(api_version).rpartition("/")[0]
        return cls(group, str(kind), metadata.get("namespace") or "", str(name))

    @classmethod
    def parse(cls, text: str) -> ObjectId:
        """The inverse of `str()`: "group/Kind/namespace/name". ValueError for anything else."""
        found = _ID_RE.fullmatch(text)
        if found is None:
            raise ValueError(f"not an object id: {text!r}")
        group, kind, namespace, name = found.groups()
        return cls("" if group == "core" else group, kind, namespace, name)

    def __str__(self) -> str:
        return f"{self.group or 'core'}/{self.kind}/{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Manifest:
    """One desired object.

    `body` is a plain JSON object without status or anything the server sets. `references` maps a data key of a Secret
    to the reference of its value; the value itself is put in just before sending. ValueError when it is not sound.
    """

    body: Body
    phase: int
    references: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_json(self.body, "", 0)
        _check_identity(self.body)
        _check_server_fields(self.body)
        _check_references(self.body, self.references)
        if type(self.phase) is not int or self.phase < 0:
            raise ValueError(f"phase {self.phase!r} of {self.id} is not a count")

    @cached_property
    def id(self) -> ObjectId:
        return ObjectId.of(self.body)

    @property
    def api_version(self) -> str:
        """Group and version as in the body: "apps/v1", or "v1" for the core group."""
        return str(self.body["apiVersion"])

    def to_json(self) -> dict[str, Any]:
        """{"body", "phase", "references"}: JSON-safe, a copy."""
        # It was found to be JSON, so this is an exact copy, and a cheaper one than copy.deepcopy makes.
        return {"body": orjson.loads(orjson.dumps(self.body)), "phase": self.phase, "references": dict(self.references)}

    @classmethod
    def stored(cls, value: Mapping[str, Any]) -> Manifest:
        """What `to_json` gave and our own database kept: it was found sound before, and is not looked at again."""
        made = object.__new__(cls)
        vars(made).update(body=value["body"], phase=value["phase"], references=value["references"])
        return made

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Manifest:
        return cls(copy.deepcopy(value["body"]), value["phase"], dict(value["references"]))


def phase_of(kind: str) -> int:
    """The phase, counted from 0, in which objects of this kind are applied; custom kinds come in the last."""
    return _POSITION.get(kind, (LAST_PHASE, 0))[0]


def manifest(body: Body, references: Mapping[str, str] | None = None, phase: int | None = None) -> Manifest:
    """A Manifest of a copy of `body`; the phase is the one of its kind unless given. ValueError when not sound."""
    kind = body.get("kind")
    chosen = phase_of(kind if isinstance(kind, str) else "") if phase is None else phase
    return Manifest.stored(Manifest(body, chosen, references or {}).to_json())


def ordered(manifests: Iterable[Manifest]) -> tuple[Manifest, ...]:
    """In apply order: phase, then kind, then id. ValueError names an id that comes twice."""
    by_id: dict[ObjectId, Manifest] = {}
    for each in manifests:
        if each.id in by_id:
            raise ValueError(f"{each.id} is there twice")
        by_id[each.id] = each

    def place(item: tuple[ObjectId, Manifest]) -> tuple[int, tuple[int, int], ObjectId]:
        return item[1].phase, _POSITION.get(item[0].kind, (LAST_PHASE, len(PHASES[LAST_PHASE]))), item[0]

    return tuple(each for _, each in sorted(by_id.items(), key=place))


def digest(value: Any) -> str:
    """SHA-256, hex, of the canonical JSON of a value. ValueError when the value is not JSON."""
    return hashlib.sha256(_canonical_json(value)).hexdigest()


def secret_digest(value: Any, key: bytes) -> str:
    """HMAC-SHA256, hex, of the canonical JSON: a digest of something guessable, useless without the key."""
    if not key:
        raise ValueError("a secret digest needs a key")
    return hmac.new(key, _canonical_json(value), hashlib.sha256).hexdigest()


def sent_digest(body: Mapping[str, Any], key: bytes | None = None) -> str:
    """The digest of what an apply says, whoever's claim, epoch, release, generation or uid it is stamped with.

    With a key an HMAC; a Secret without one is a ValueError.
    """
    stripped = without_stamp(body)
    if key is not None:
        return secret_digest(stripped, key)
    refuse_bare_secret(body)
    return digest(stripped)


def refuse_bare_secret(body: Mapping[str, Any]) -> None:
    """ValueError for a Secret: a plain hash of a password can be guessed."""
    if body.get("kind") == "Secret" and body.get("apiVersion") == "v1":
        raise ValueError("the digest of a Secret needs a key")


def stamped(
    manifest_body: Mapping[str, Any],
    *,
    claim: str,
    epoch: int,
    annotations: Mapping[str, str] | None = None,
    uid: str | None = None,
) -> Body:
    """A new body that carries claim and epoch, further annotations, and the uid of the object when it is known.

    Only `metadata` and its annotations are copied, the rest is shared with `manifest_body`; pod templates are never
    touched, or each release would restart each pod.
    """
    if not claim:
        raise ValueError("an object is never sent without a claim")
    metadata = dict(manifest_body["metadata"])
    metadata["annotations"] = {
        **(metadata.get("annotations") or {}),
        **(annotations or {}),
        ANNOTATION_CLAIM: claim,
        ANNOTATION_EPOCH: str(int(epoch)),
    }
    if uid:
        metadata["uid"] = uid
    return {**manifest_body, "metadata": metadata}


def without_stamp(body: Mapping[str, Any]) -> Body:
    """A body less the volatile annotations and the uid; annotations and metadata go when nothing is left in them."""
    stripped = dict(body)
    metadata = dict(stripped.pop("metadata", None) or {})
    metadata.pop("uid", None)
    annotations = metadata.pop("annotations", None) or {}
    kept = {name: text for name, text in annotations.items() if name not in VOLATILE_ANNOTATIONS}
    if kept:
        metadata["annotations"] = kept
    if metadata:
        stripped["metadata"] = metadata
    return stripped


def claim_of(live: Mapping[str, Any]) -> str:
    """The claim that a live object carries, "" for none."""
    return str((live["metadata"].get("annotations") or {}).get(ANNOTATION_CLAIM) or "")


def epoch_of(live: Mapping[str, Any]) -> int:
    """The epoch that a live object carries; missing or unreadable counts as 0, as in the member's policy."""
    text = (live["metadata"].get("annotations") or {}).get(ANNOTATION_EPOCH) or ""
    return int(text) if text.isdecimal() and len(text) <= _EPOCH_DIGITS else 0


def _canonical_json(value: Any) -> bytes:
    """Keys sorted, no space. The same bytes by the fast way, wherever that is sure, as by the slow one."""
    try:
        quick = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | _ONLY_JSON)
        if not _UNSURE_RE.search(quick):
            return quick
    except TypeError:
        pass  # the slow way says what is wrong with it
    text = json.dumps(_canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        if not all(type(name) is str for name in value):
            raise ValueError("the keys of a JSON object are strings")
        return {name: _canonical(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("JSON has neither NaN nor infinity")
        # Go writes 1.0 as 1, so an object comes back from a cluster with the int.
        return int(value) if value.is_integer() else value
    if value is None or isinstance(value, str | int):
        return value
    raise ValueError(f"{type(value).__name__} is not JSON")


def _check_json(value: Any, path: str, depth: int) -> None:
    """ValueError unless the value comes back the same from a cluster and from a jsonb column."""
    if depth > _MAX_DEPTH:
        raise ValueError(f"{path} is nested too deep")
    if type(value) is dict:
        for name, item in value.items():
            if type(name) is not str:
                raise ValueError(f"a key of {path or 'the object'} is not a string")
            _check_scalar(name, path)
            _check_json(item, f"{path}.{name}" if path else name, depth + 1)
    elif type(value) is list:
        for place, item in enumerate(value):
            _check_json(item, f"{path}[{place}]", depth + 1)
    else:
        _check_scalar(value, path)


def _check_scalar(value: Any, path: str) -> None:
    if type(value) is str:
        # A jsonb column has no U+0000, and half a surrogate pair has no UTF-8.
        if "\0" in value or _SURROGATE_RE.search(value):
            raise ValueError(f"{path} holds a character that cannot be stored")
    elif type(value) is int:
        if not -_INT64 <= value < _INT64:
            raise ValueError(f"{path} does not fit 64 bits")
    elif type(value) is float:
        if not math.isfinite(value):
            raise ValueError(f"{path} is not a finite number")
    elif value is not None and type(value) is not bool:
        raise ValueError(f"{path} is {type(value).__name__}, not JSON")


def _check_identity(body: Body) -> None:
    found = ObjectId.of(body)
    group, _, version = body["apiVersion"].rpartition("/")
    if not _VERSION_RE.fullmatch(version) or (group and not _is_subdomain(group)) or group == "core":
        raise ValueError(f"apiVersion {body['apiVersion']!r} is not a group and a version")
    if not _KIND_RE.fullmatch(found.kind):
        raise ValueError(f"kind {found.kind!r} is not a kind")
    if not _is_subdomain(found.name):
        raise ValueError(f"name {found.name!r} is not a DNS-1123 subdomain")
    namespace = body["metadata"].get("namespace", "")
    if namespace != "" and not (
        isinstance(namespace, str) and len(namespace) <= _MAX_NAMESPACE and _LABEL_RE.fullmatch(namespace)
    ):
        raise ValueError(f"namespace {namespace!r} is not a DNS-1123 label")


def _is_subdomain(text: str) -> bool:
    return len(text) <= _MAX_NAME and _SUBDOMAIN_RE.fullmatch(text) is not None


def _check_server_fields(body: Body) -> None:
    found = ObjectId.of(body)
    if "status" in body:
        raise ValueError(f"{found} carries a status")
    for name in _SERVER_METADATA:
        if name in body["metadata"]:
            raise ValueError(f"{found} carries metadata.{name}, which the server sets")
    for part in ("labels", "annotations"):
        values = body["metadata"].get(part, {})
        if type(values) is not dict or not all(type(text) is str for text in values.values()):
            raise ValueError(f"{found} has metadata.{part} that are not strings")
    for name in (ANNOTATION_CLAIM, ANNOTATION_EPOCH):
        if name in body["metadata"].get("annotations", {}):
            raise ValueError(f"{found} carries {name}, which only the delivery writes")


def _check_references(body: Body, references: Mapping[str, str]) -> None:
    found = ObjectId.of(body)
    is_secret = (found.group, found.kind) == ("", "Secret")
    if is_secret and (body.get("data") or body.get("stringData")):
        raise ValueError(f"{found} carries values; a Secret names them by reference")
    if references and not is_secret:
        raise ValueError(f"{found} is no Secret and cannot have references")
    for name, reference in references.items():
        if type(name) is not str or not _DATA_KEY_RE.fullmatch(name):
            raise ValueError(f"{found}: {name!r} is not the key of a Secret")
        if type(reference) is not str or not reference:
            raise ValueError(f"{found}: the reference of {name!r} is empty")
        _check_json(reference, f"references.{name}", 0)
