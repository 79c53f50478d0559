import pytest

from apps.contribution import RenderError, Workload

WEB = {"name": "web", "cpu": "50m", "memory": "64Mi"}


def test_declares_a_process_with_the_defaults(contribute):
    [(name, given)] = contribute("process", WEB).processes.items()
    assert name == "web"
    assert given.workload == Workload(cpu="50m", memory="64Mi", replicas=1, grace_seconds=30, user=10001)


@pytest.mark.parametrize(
    ("written", "kept"), [(1, "1000m"), (0.5, "500m"), (0.0014, "1m"), ("1.5", "1.5"), ("250m", "250m")]
)
def test_bare_numbers_are_cores(contribute, written, kept):
    assert contribute("process", {**WEB, "cpu": written}).processes["web"].workload.cpu == kept


@pytest.mark.parametrize("limits", [{"cpu_limit": "49m"}, {"memory_limit": "65535Ki"}])
def test_a_limit_below_the_request_is_refused(contribute, limits):
    with pytest.raises(RenderError) as refused:
        contribute("process", {**WEB, **limits})
    assert (refused.value.code, refused.value.path) == ("limit_below_request", next(iter(limits)))


def test_a_limit_equal_to_the_request_in_other_units_is_taken(contribute):
    assert contribute("process", {**WEB, "cpu_limit": 0.05, "memory_limit": "65536Ki"})
