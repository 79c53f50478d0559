"""A Job of a release: seen finished it is done, and its absence is no drift; the next release runs it again."""

import pytest

from clusters.manifests import manifest


@pytest.fixture
def job(namespace, registry_host):
    container = {"name": "main", "image": f"{registry_host}/base/python:bookworm", "command": ["true"]}
    template = {"spec": {"containers": [container], "restartPolicy": "Never"}}
    metadata = {"name": "migrate", "namespace": namespace}
    body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template}}
    return manifest(body)


def test_once_a_release(submit, until, healthy, drain, sweep, ground, job, admin, live, row, oid):
    work = submit("application", [*ground, job], release="r1")
    until(lambda: healthy(work))
    assert row(oid("Job", "migrate")).done == "r1"
    admin.delete(oid("Job", "migrate"), propagationPolicy="Background")
    sweep(2)
    assert live("Job", "migrate") is None
    assert healthy(work)
    assert row(oid("Job", "migrate")).reason == "Done"
    submit("application", [*ground, job], release="r2")
    drain()
    assert live("Job", "migrate") is not None


def test_one_that_has_not_finished_comes_back(submit, until, drain, sweep, ground, job, admin, live, row, oid):
    pending = manifest({**job.body, "spec": {**job.body["spec"], "suspend": True}})
    submit("application", [*ground, pending], release="r1")
    drain()
    before = live("Job", "migrate")["metadata"]["uid"]
    admin.delete(oid("Job", "migrate"), propagationPolicy="Background")
    sweep()
    assert live("Job", "migrate")["metadata"]["uid"] != before
    assert row(oid("Job", "migrate")).done == ""
