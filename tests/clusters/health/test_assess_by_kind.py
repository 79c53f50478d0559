import importlib
import pkgutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from clusters.health import Health, Verdict, assess, kinds, known_kinds, passes_gate, worst

CASES = [
    case
    for name in ("workloads", "others", "pods")
    for case in yaml.safe_load(Path(__file__).with_name(f"{name}.yaml").read_text())
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_health(case):
    verdict = assess(case["body"])
    assert (verdict.health, verdict.reason) == (case["health"], case["reason"])
    assert case.get("message", "") in verdict.message
    assert passes_gate(case["body"], verdict) is case.get("passes", case["health"] in ("Healthy", "Suspended"))


def test_each_kind_has_cases():
    tried = {(case["body"].get("apiVersion", "").rpartition("/")[0], case["body"].get("kind")) for case in CASES}
    assert known_kinds() <= tried


def test_each_file_is_about_one_kind():
    names = {module.name for module in pkgutil.iter_modules(kinds.__path__)}
    assert names == {kind.lower() for _, kind in known_kinds()}
    assert len(names) == len(known_kinds())
    for name in names:
        assert importlib.import_module(f"clusters.health.kinds.{name}").__doc__


def test_an_object_that_is_not_there_is_missing():
    assert assess(None).health is Health.MISSING
    assert not passes_gate({}, assess(None))


FAILED = Verdict(Health.DEGRADED, "LastRunFailed", awaited=False)


@pytest.mark.parametrize("other", [*Health])
def test_what_nothing_waits_for_is_told_once_all_else_is_settled(other):
    beside = Verdict(other, "Other")
    settled = other in (Health.HEALTHY, Health.SUSPENDED)
    assert worst([FAILED, beside]) == worst([beside, FAILED]) == (FAILED if settled else beside)
    assert worst([FAILED, beside]).settled is settled


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "True", "False", "Running", "Pending"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "status", "reason", "name", "conditions", "state", "waiting", "running", "replicas"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(
    st.sampled_from(sorted(known_kinds())),
    st.fixed_dictionaries(
        {},
        optional={
            "metadata": odd,
            "spec": odd | st.fixed_dictionaries({}, optional={"parentRefs": odd, "replicas": odd, "containers": odd}),
            "status": odd
            | st.fixed_dictionaries(
                {}, optional={"conditions": odd, "containerStatuses": odd, "parents": odd, "phase": odd}
            ),
        },
    ),
)
def test_an_odd_object_gets_a_verdict_too(group_and_kind, pieces):
    group, kind = group_and_kind
    verdict = assess({"apiVersion": f"{group}/v1" if group else "v1", "kind": kind, **pieces})
    assert isinstance(verdict, Verdict)
    assert verdict.reason
