import pytest

from apps.contribution import RenderError

HIGH = {"priority": {"priority_class": "high"}}


def test_the_pod_has_the_class(rendered, web):
    assert rendered(web, HIGH)["Deployment"]["spec"]["template"]["spec"]["priorityClassName"] == "high"


def test_a_class_of_the_cluster_itself_is_refused(contribute):
    with pytest.raises(RenderError) as refused:
        contribute("priority", {"priority_class": "system-node-critical"})
    assert (refused.value.code, refused.value.path) == ("reserved_class", "priority_class")


def test_a_class_for_all_and_another_for_one_are_refused(rendered, web):
    with pytest.raises(RenderError) as refused:
        rendered(web, HIGH, {"priority": {"priority_class": "low", "process": "web"}})
    assert refused.value.code == "priority_class_conflict"


def test_a_class_that_the_cluster_does_not_offer_is_refused(contribute):
    with pytest.raises(RenderError) as refused:
        contribute("priority", {"priority_class": "highest"})
    assert (refused.value.code, refused.value.path) == ("priority_missing", "priority_class")
    assert refused.value.message == "cluster east offers no priority class highest, only high, low"
