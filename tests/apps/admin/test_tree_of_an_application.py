"""The tree on the page of an application: what is where, how it is, its image and its age."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from apps import selectors
from apps.admin import graph, tree
from apps.models import Release
from clusters.models import OwnedObject, Work, WorkloadPods

OTHER = f"registry.example/hello@sha256:{'b' * 64}"


@pytest.fixture
def application(deploy):
    made = deploy().application
    deploy(image=OTHER)
    return made


@pytest.fixture
def inventory():
    """Rows for everything the Works want, of one health."""

    def write(health="Healthy", reason="Available", message=""):
        OwnedObject.objects.all().delete()
        for work in Work.objects.all():
            for each in work.manifests:
                body = each["body"]
                group = body["apiVersion"].rpartition("/")[0] or "core"
                metadata = body["metadata"]
                OwnedObject.objects.create(
                    work=work, cluster=work.cluster, claim="c", api_version=body["apiVersion"],
                    oid=f"{group}/{body['kind']}/{metadata.get('namespace', '')}/{metadata['name']}",
                    health=health, reason=reason, message=message,
                )  # fmt: skip

    return write


def rows(application):
    status = selectors.status(application)
    releases = {}
    for each in Release.objects.order_by("-number"):
        releases.setdefault(str(each.environment_id), []).append(each)
    found = selectors.topology([each["id"] for each in status["environments"]])
    return tree.rows(status, found, releases, timezone.now())


def path(found, *kinds):
    row = None
    for kind in kinds:
        row = next(each for each in found if each.kind == kind)
        found = row.rows
    return row


WORKLOAD = ("environment", "cluster", "HTTPRoute", "Service", "Deployment")


def test_from_the_environment_down_to_the_pods(application, inventory):
    inventory()
    found = rows(application)
    pods = path(found, *WORKLOAD, "pods")
    assert pods.name == "1 pod wanted"
    assert pods.image == "hello@bbbbbbbbbbbb"
    assert path(found, "environment").age == "under a minute"
    assert "Healthy" in path(found, *WORKLOAD).status


def test_both_images_while_pods_are_exchanged(application, inventory):
    inventory("Progressing", "Rollout", "1 of 2 replicas are up to date")
    pods = path(rows(application), *WORKLOAD, "pods")
    assert pods.image == "hello@aaaaaaaaaaaa → hello@bbbbbbbbbbbb"
    assert pods.why == "1 of 2 replicas are up to date"


def test_what_nothing_leads_to_is_gathered_by_kind_and_open_where_it_is_ill(application, inventory):
    inventory()
    cluster = path(rows(application), "environment", "cluster")
    gathered = {each.name: each for each in cluster.rows if each.kind == "objects"}
    assert "Namespace (1)" in gathered
    config = next(each for name, each in gathered.items() if name.startswith("ConfigMap"))
    assert not config.open
    OwnedObject.objects.create(
        work=Work.objects.get(name="application"), cluster=Work.objects.first().cluster, claim="c",
        oid="core/ConfigMap/ns/left-over", api_version="v1", health="Degraded", reason="Broken",
    )  # fmt: skip
    cluster = path(rows(application), "environment", "cluster")
    config = next(each for each in cluster.rows if each.name.startswith("ConfigMap"))
    assert config.open
    assert [each.why for each in config.rows if each.name == "left-over"] == ["Broken"]


def test_what_is_not_written_yet_says_so(application):
    workload = path(rows(application), *WORKLOAD)
    assert workload.why == "Not written yet."
    assert workload.age == ""


def test_ids_are_unique_and_stay(application, inventory):
    inventory()

    def ids(found):
        return [id_ for each in found for id_ in (each.id, *ids(each.rows))]

    first = ids(rows(application))
    assert len(first) == len({*first})
    inventory("Degraded", "Crashed")
    assert ids(rows(application)) == first


def test_a_tree_costs_no_more_queries_for_more_objects(application, inventory, django_assert_num_queries):
    inventory()
    environments = [str(each.pk) for each in application.environments.all()]
    selectors.topology(environments)
    with django_assert_num_queries(3):
        assert selectors.topology(environments).trees


def test_a_changed_manifest_is_read_again(application, deploy):
    environments = [str(each.pk) for each in application.environments.all()]
    before = selectors.topology(environments)
    deploy(image=f"registry.example/hello@sha256:{'c' * 64}")
    after = selectors.topology(environments)
    images = {image for each in after.trees.values() for part in each.parts.values() for image in part.images}
    assert images == {f"registry.example/hello@sha256:{'c' * 64}"}
    assert before.trees != after.trees


def test_why_is_said_in_the_reader_s_language_and_as_it_came():
    ill = {"health": "Degraded", "reason": "CrashLoopBackOff", "message": "Container main crashed"}
    with override("zh-hans"):
        assert re.fullmatch("反复崩溃: 程序反复以错误退出.*\nContainer main crashed", tree.why(ill))
    assert tree.why({**ill, "reason": "OfAnOperator"}) == "Of an operator: Container main crashed"


def test_the_page_holds_the_tree(client, application, inventory, viewer):
    inventory("Degraded", "CrashLoopBackOff", "<b>it</b> fell\nover")
    client.force_login(viewer)
    text = client.get(reverse("admin:applications_application_change", args=[application.pk])).content.decode()
    sentence = "Crash loop back off: The program ends with an error again and again: read its last lines, or roll back."
    for word in (f"{sentence}<br>&lt;b&gt;it&lt;/b&gt; fell<br>over", "HTTPRoute", "1 pod wanted", "Open all"):
        assert word in text
    assert "<b>it</b>" not in text


@pytest.fixture
def pods():
    """pods(*told, total=…): the pods of the workload of every Work."""

    def write(*told, total=None):
        for each in OwnedObject.objects.filter(oid__startswith="apps/Deployment/"):
            WorkloadPods.objects.update_or_create(
                cluster=each.cluster, oid=each.oid,
                defaults={"namespace": "ns", "total": len(told) if total is None else total, "pods": told},
            )  # fmt: skip

    return write


def pod(name="hello-web-1", health="Healthy", **changes):
    return {
        "name": name, "image": OTHER, "node": "worker-1", "phase": "Running", "health": health, "reason": "Ready",
        "message": "", "ready": 1, "containers": 1, "restarts": 0, "created_at": "2026-01-01T00:00:00Z", **changes,
    }  # fmt: skip


def test_each_pod_with_its_node_age_and_restarts(application, inventory, pods):
    inventory()
    why = {"health": "Degraded", "reason": "CrashLoopBackOff", "message": "It crashed", "restarts": 3, "ready": 0}
    pods(pod("hello-web-2", **why), pod(), total=60)
    found = path(rows(application), *WORKLOAD, "pods")
    assert found.name == "60 pods"
    assert found.why.endswith("and 58 more")
    ill, well = found.rows
    said = ill.why.splitlines()
    assert said[0].startswith("Crash loop back off: The program ends with an error")
    assert said[1:] == ["It crashed", "Running, 0/1 ready, 3 restarts, on worker-1"]
    assert (well.name, well.image, well.why) == ("hello-web-1", "hello@bbbbbbbbbbbb", "Running, 1/1 ready, on worker-1")
    assert well.age
    assert well.age_title.year == 2026


def drawn(application):
    status = selectors.status(application)
    found = selectors.topology([each["id"] for each in status["environments"]])
    [picture] = graph.pictures(status, found, timezone.now())
    return picture, {each.name: each.groups for each in picture.columns}


def test_the_graph_leads_from_the_route_to_the_bindings(application, inventory, pods):
    inventory()
    pods(pod())
    picture, columns = drawn(application)
    assert picture.name == "production · east"
    [[route]], [[service]], [[workload]] = ([each.nodes for each in columns[name]] for name in list(columns)[:3])
    [told] = columns["Pods"]
    assert route.leads_to == service.id
    assert service.leads_to == workload.id
    assert workload.leads_to == told.id
    assert workload.leads == "1 pod"
    bound = {node.id for group in columns["Bindings"] for node in group.nodes}
    assert bound
    assert {*told.leads_to.split()} == bound
    assert "Namespace" in {group.name for group in columns["Others"]}


def test_without_pods_the_workload_leads_to_the_bindings(application, inventory):
    inventory()
    _, columns = drawn(application)
    assert "Pods" not in columns
    [[workload]] = [each.nodes for each in columns["Workloads"]]
    assert {*workload.leads_to.split()} == {node.id for group in columns["Bindings"] for node in group.nodes}


def test_hundreds_stay_readable(application, inventory, pods):
    inventory()
    pods(*(pod(f"hello-web-{number}") for number in range(50)), total=400)
    _, columns = drawn(application)
    [told] = columns["Pods"]
    assert len(told.nodes) == graph.MOST_NODES
    assert told.more == f"and {400 - graph.MOST_NODES} more"
    assert told.count == 400
    assert not told.open
    pods(pod("hello-web-x", "Degraded"), *(pod(f"hello-web-{number}") for number in range(49)), total=400)
    [told] = drawn(application)[1]["Pods"]
    assert told.open
    assert told.tone == "danger"


def test_every_id_of_the_drawing_is_there_once_and_every_line_has_an_end(client, application, inventory, pods, viewer):
    inventory()
    pods(pod())
    client.force_login(viewer)
    text = client.get(reverse("admin:applications_application_change", args=[application.pk])).content.decode()
    ids = re.findall(r'\bid="([^"]+)"', text)
    ends = {end for found in re.findall(r'data-leads-to="([^"]*)"', text) for end in found.split()}
    assert len(ids) == len({*ids})
    assert ends
    assert ends <= {*ids}
