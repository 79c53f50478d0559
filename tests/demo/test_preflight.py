"""What is missing is said before anything starts, all of it at once."""

import fcntl
import socket
import stat
from dataclasses import replace

import pytest

from deploy.demo import people, preflight
from deploy.demo.config import Config
from deploy.demo.demo import Demo
from deploy.lab import prerequisites
from deploy.lab.errors import LabError

DIGEST = f"registry.example/hello@sha256:{'0' * 64}"


@pytest.fixture(autouse=True)
def _machine(monkeypatch):
    """A machine that has everything."""
    monkeypatch.setattr(prerequisites, "check", lambda: None)
    monkeypatch.setattr(prerequisites, "there", lambda proof: True)
    monkeypatch.setattr(preflight.image, "installed", lambda: True)
    monkeypatch.setattr(preflight, "available_memory", lambda: 64 * preflight.GIGA)
    monkeypatch.setattr(preflight, "COLD_DISK", 0)
    monkeypatch.setattr(preflight, "WARM_DISK", 0)


@pytest.fixture
def own(config, tmp_path, monkeypatch):
    """A demo on two clusters of one's own; kubectl is a script that knows their contexts."""
    script = tmp_path / "bin" / "kubectl"
    script.parent.mkdir()
    script.write_text('#!/bin/sh\ncase "$*" in *current-context*) cat "$2";; *unreachable*) exit 1;; esac\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent), prepend=":")
    files = []
    for name in ("a", "b"):
        files.append(tmp_path / f"{name}.yaml")
        files[-1].write_text(f"context-{name}\n")
    return replace(config, kubeconfigs=tuple(files), image=DIGEST)


def test_a_machine_that_has_everything_may_begin(config):
    assert preflight.problems(config) == []
    preflight.check(config)


def test_nothing_is_written_by_looking(config):
    preflight.problems(config)
    assert not config.state.exists()


def test_a_taken_port_is_named_with_a_way_out(config):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        [problem] = preflight.problems(replace(config, port=port))
    assert f"port {port} is taken" in problem
    assert "PORT=" in problem


def test_what_the_lab_lacks_is_named(config, monkeypatch):
    def refuse():
        raise LabError("the lab can't start here:\n  no `go` on the PATH\n  no version 1 cgroups")

    monkeypatch.setattr(prerequisites, "check", refuse)
    assert preflight.problems(config) == ["no `go` on the PATH", "no version 1 cgroups"]


def test_without_root_it_is_said(config, monkeypatch):
    def refuse():
        raise LabError("it must be run as root")

    monkeypatch.setattr(prerequisites, "check", refuse)
    with pytest.raises(LabError, match="the demo can't start:\n  it must be run as root"):
        preflight.check(config)


def test_buildah_that_cannot_be_installed_is_named(config, monkeypatch):
    monkeypatch.setattr(preflight.image, "installed", lambda: False)
    assert preflight.problems(config) == []
    monkeypatch.setattr(prerequisites, "there", lambda proof: False)
    assert any("buildah" in problem for problem in preflight.problems(config))


def test_too_little_memory_and_disk_are_named(config, monkeypatch):
    monkeypatch.setattr(preflight, "available_memory", lambda: preflight.GIGA)
    monkeypatch.setattr(preflight, "COLD_DISK", 1 << 60)
    monkeypatch.setattr(preflight, "WARM_DISK", 1 << 60)
    said = "\n".join(preflight.problems(config))
    assert "1.0 GiB of memory available: 3 are needed" in said
    assert "GiB free at" in said


def test_another_command_at_work_is_named(config):
    config.lock.parent.mkdir(parents=True, exist_ok=True)
    with config.lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert any("at work" in problem for problem in preflight.problems(config))
    assert preflight.problems(config) == []


def test_a_demo_with_other_clusters_is_not_mixed_with(own, config):
    config.remember()
    assert any("make down" in problem for problem in preflight.problems(own))
    assert preflight.problems(config) == []


def test_another_port_is_refused_where_keycloak_knows_the_first(config):
    config.remember([people.PROVIDER])
    assert preflight.problems(config) == []
    [problem] = preflight.problems(replace(config, port=config.port + 1))
    assert f"PORT={config.port}" in problem


def test_own_clusters_need_an_image_by_digest(own):
    assert preflight.problems(own) == []
    [missing] = preflight.problems(replace(own, image=""))
    assert "IMAGE=" in missing
    [tagged] = preflight.problems(replace(own, image="registry.example/hello:latest"))
    assert "digest" in tagged


def test_a_missing_kubeconfig_is_named(own, tmp_path):
    [problem] = preflight.problems(replace(own, kubeconfigs=(tmp_path / "none.yaml",)))
    assert f"{tmp_path / 'none.yaml'}" in problem


def test_two_kubeconfigs_of_one_name_are_refused(own):
    [problem] = preflight.problems(replace(own, kubeconfigs=(own.kubeconfigs[0],) * 2))
    assert "context-a" in problem


def test_a_cluster_that_does_not_answer_is_named(own, tmp_path):
    silent = tmp_path / "unreachable.yaml"
    silent.write_text("silent\n")
    [problem] = preflight.problems(replace(own, kubeconfigs=(silent,)))
    assert "unreachable.yaml" in problem


def test_what_is_remembered_is_for_its_owner_only(config):
    config.remember()
    assert stat.S_IMODE(config.state.stat().st_mode) == 0o700


def test_down_uses_what_was_remembered_whatever_the_environment_says_now(own):
    own.remember()
    assert Config(own.state).begun().kubeconfigs == own.kubeconfigs


def test_people_belong_to_where_they_came_from_the_first_time(config):
    config.remember([people.DIRECTORY])
    config.remember([people.DIRECTORY, people.PROVIDER])
    assert Demo(config).parts == [people.DIRECTORY]


@pytest.mark.parametrize("port", ["", "0", "70000", "eight"])
def test_the_port_is_one(port, tmp_path):
    around = {"PORT": port, "DOUGONG_DEMO_STATE": str(tmp_path)}
    if port:
        with pytest.raises(ValueError, match="PORT="):
            Config.of(around)
    else:
        assert Config.of(around).port == 8000
