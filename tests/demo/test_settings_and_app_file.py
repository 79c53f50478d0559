"""The settings a demo makes are complete and kept; its app file is the sample's, and what is edited in it stays."""

import os
import stat
import subprocess
import sys

import pytest

from apps import appfile as real
from deploy.control_plane import environment
from deploy.demo import appfile, image, members, source

DIGEST = f"registry.example/hello@sha256:{'1' * 64}"
SAMPLE = (image.SOURCE / "app.yaml").read_text()


@pytest.fixture
def settings(tmp_path):
    local = environment.local(
        database="postgresql:///x", valkey="redis://127.0.0.1:1/0", port=8000, servers=["https://198.18.0.10:6443"]
    )
    return {**environment.keys(tmp_path / "environment"), **local}


def test_production_starts_with_nothing_else(settings):
    clean = environment.without_settings(os.environ)
    load = "from paas.configuration import load; s = load(); print(s.mode, s.https, ','.join(s.cluster_networks))"
    told = subprocess.run(
        [sys.executable, "-c", load], env={**clean, **settings}, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["production", "False", "198.18.0.10/32"]


def test_keys_are_made_once_and_for_their_owner_only(tmp_path):
    file = tmp_path / "demo" / "environment"
    first = environment.keys(file)
    environment.write(file, {**environment.read(file), "PORT": "8000"})
    assert environment.keys(file) == first
    assert environment.read(file)["PORT"] == "8000"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(set(first.values())) == len(first)


def test_a_half_written_file_is_completed(tmp_path):
    file = tmp_path / "environment"
    file.write_text("DOUGONG_SECRET_KEY=kept\n")
    environment.keys(file)
    assert set(environment.read(file)) == set(environment.KEPT)
    assert environment.read(file)["DOUGONG_SECRET_KEY"] == "kept"


def test_public_addresses_need_no_permission():
    assert environment.networks(["https://8.8.8.8", "https://127.0.0.1:6443", "https://[::1]:6443"]) == [
        "127.0.0.1/32",
        "::1/128",
    ]


def test_the_sample_is_about_ten_lines_and_valid():
    assert len([line for line in SAMPLE.splitlines() if not line.startswith("#")]) <= 11
    real.parse(SAMPLE)


def test_the_demos_copy_has_its_image_clusters_and_hosts():
    text = appfile.written(SAMPLE, image=DIGEST, clusters=["a", "b"], hosts=["hello.a.localhost"], file="x.yaml")
    file = real.parse(text)
    assert file.image == DIGEST
    assert file.environments["production"].clusters == ("a", "b")
    assert [block["route"]["host"] for block in file.blocks if "route" in block] == [
        "hello.example",
        "hello.a.localhost",
    ]


def test_an_edited_copy_gets_no_more_than_the_image():
    edited = appfile.written(SAMPLE, image=DIGEST, clusters=["a"]).replace("GREETING: Hello", "GREETING: Good evening")
    other = DIGEST.replace("1", "2")
    assert appfile.with_image(edited, other) == edited.replace(DIGEST, other)


@pytest.mark.parametrize(
    ("context", "name"),
    [("east", "east"), ("admin@Prod_EU.1", "admin-prod-eu-1"), ("arn:aws:eks:eu-1:12/x", "arn-aws-eks-eu-1-12-x"),
     ("1-west", "west"), ("---", ""), ("a" * 60, "a" * 40)],
)  # fmt: skip
def test_a_context_becomes_a_name(context, name):
    assert members.as_name(context) == name


def test_a_changed_file_is_another_version(tmp_path):
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps" / "a.py").write_text("1")
    first = source.version(tmp_path)
    assert source.version(tmp_path) == first
    (tmp_path / "apps" / "a.py").write_text("2")
    assert source.version(tmp_path) != first
