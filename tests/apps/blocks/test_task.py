import pytest

from apps.contribution import RenderError
from apps.render import render

MIGRATE = {"task": {"name": "migrate", "command": ["migrate"], "cpu": "50m", "memory": "64Mi"}}


@pytest.fixture
def phases(make_app, target):
    """The phase in which an object of each kind is applied."""

    def find(*items, **changes):
        return {each.id.kind: each.phase for each in render(make_app(*items, **changes), target).manifests}

    return find


def test_is_a_job_with_a_pod_like_any_other(rendered):
    found = rendered(MIGRATE)
    assert list(found) == ["Job"]
    spec = found["Job"]["spec"]
    pod = spec["template"]["spec"]
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"]) == (0, 600)
    assert set(spec) == {"backoffLimit", "activeDeadlineSeconds", "template"}
    assert pod["restartPolicy"] == "Never"
    assert pod["containers"][0]["command"] == ["migrate"]
    assert pod["securityContext"]["runAsNonRoot"] is True


def test_each_release_has_one_of_its_own(rendered):
    assert rendered(MIGRATE, release="r7")["Job"]["metadata"]["name"] == "hello-migrate-r7"
    assert rendered(MIGRATE, release="r8")["Job"]["metadata"]["name"] == "hello-migrate-r8"


def test_the_name_of_a_long_one_fits(rendered):
    migrate = {"task": {**MIGRATE["task"], "name": "m" * 63}}
    names = {rendered(migrate, release=release)["Job"]["metadata"]["name"] for release in ("r1234567", "r1234568")}
    assert len(names) == 2
    assert all(len(name) <= 63 for name in names)


def test_runs_before_processes_and_after_what_it_reads(phases, web):
    config = {"config": {"values": {"A": "1"}}}
    found = phases(MIGRATE, web, config, {"schedule": {**MIGRATE["task"], "name": "report", "schedule": "0 3 * * *"}})
    assert found["ConfigMap"] < found["Job"] < found["Deployment"] == found["CronJob"]


def test_another_release_restarts_no_process(rendered, web):
    one, other = (rendered(MIGRATE, web, release=release)["Deployment"] for release in ("r7", "r8"))
    assert one == other


def test_going_back_runs_none_and_says_so(make_app, target, web):
    found = render(make_app(MIGRATE, web, rolled_back=True), target)
    assert [each.id.kind for each in found.manifests] == ["Deployment"]
    assert found.notes == ("migrate is not run: no task is when going back",)


def test_what_only_a_process_that_goes_on_can_have_is_refused(rendered):
    with pytest.raises(RenderError) as refused:
        rendered(MIGRATE, {"port": {"process": "migrate", "port": 8080}})
    assert (refused.value.code, refused.value.path) == ("runs_to_its_end", "port(migrate, http)")
