"""The sample application's image: built here by buildah from the lab's base image, kept in the cache, pushed."""

import hashlib
import json
import shutil
from pathlib import Path

from deploy.lab import cache, images, paths, prerequisites
from deploy.lab.commands import run

SOURCE = Path(__file__).resolve().parents[2] / "examples" / "hello"
PACKAGE = ("buildah", "buildah")
# Nothing is signed here; without a policy buildah refuses everything.
POLICY = {"default": [{"type": "insecureAcceptAnything"}]}
INDEX = "index.json"


def build(registry: str) -> str:
    """Make sure that the lab's registry has the image; its reference by digest."""
    base = images.base()
    kept = _kept(registry, f"{registry}/{base.repository}:{base.tag}", (base.folder / "manifest.json").read_bytes())
    reference = images.push(kept, registry)
    digest = hashlib.sha256((kept.folder / "manifest.json").read_bytes()).hexdigest()
    return f"{reference.rpartition(':')[0]}@sha256:{digest}"


def _kept(registry: str, base: str, manifest: bytes) -> images.Image:
    inputs = [file.read_bytes() for file in (Path(__file__), SOURCE / "hello.py", SOURCE / "Containerfile")]
    key = cache.digest([*inputs, manifest])
    folder = cache.once(paths.cache_folder() / "images" / f"hello-{key}", lambda half: _build(half, registry, base))
    return images.Image("demo/hello", key, folder)


def _build(half: Path, registry: str, base: str) -> None:
    """Fill the folder with the image as `images.push` reads it: a manifest, and blobs named by their digest."""
    prerequisites.install([PACKAGE])
    policy = paths.write_json(half / "policy.json", POLICY)
    storage = half / "storage"
    # No RUN in it, so nothing needs to be isolated; vfs works on every file system.
    where: list[str | Path] = ["--root", storage, "--runroot", half / "run", "--storage-driver", "vfs"]
    env = {**cache.mark(half), "BUILDAH_ISOLATION": "chroot", "NO_PROXY": registry.partition(":")[0]}
    trust: list[str | Path] = ["--signature-policy", policy]
    options = [*trust, "--tls-verify=false", "--build-arg", f"BASE={base}", "--tag", "hello", "--timestamp", "0"]
    run(["buildah", *where, "build", *options, SOURCE], env=env)
    run(["buildah", *where, "push", *trust, "localhost/hello", f"oci:{half / 'oci'}"], env=env)
    run(["buildah", *where, "rmi", "--all", "--force"], env=env)
    blobs = half / "oci" / "blobs" / "sha256"
    manifest = json.loads((half / "oci" / INDEX).read_text())["manifests"][0]["digest"].removeprefix("sha256:")
    (blobs / manifest).rename(half / "manifest.json")
    for blob in blobs.iterdir():
        blob.rename(half / blob.name)
    for folder in (storage, half / "run", half / "oci"):
        shutil.rmtree(folder, ignore_errors=True)


def installed() -> bool:
    """Whether buildah is there."""
    return prerequisites.there(PACKAGE[1])
