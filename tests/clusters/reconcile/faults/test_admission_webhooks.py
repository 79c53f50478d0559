"""A webhook of the cluster denies, hangs, is gone, or writes what we send otherwise: the API server asks a real one."""

import threading

import pytest

from clusters.models import Work
from tests.webhook import Webhook, allowed, configurations, denied


@pytest.fixture
def base(submit, until, healthy, ground):
    work = submit("ground", ground)
    until(lambda: healthy(work))
    return work


@pytest.fixture
def webhook(base, registry_host):
    """On the lab's own host, which its API servers reach."""
    with Webhook(registry_host.partition(":")[0]) as server:
        yield server


@pytest.fixture
def install(webhook, admin, namespace, config):
    """install("validating") → the API server asks the webhook about the test's namespace; undo() ends that."""
    kinds = set()
    probe = {**config("probe").body}

    def in_force(kind, **given):
        admin.request("POST", configurations(kind), webhook.configuration(namespace, kind, **given))
        kinds.add(kind)
        _until_asked(admin, webhook, probe, asked=True)

    def undo():
        while kinds:
            admin.request("DELETE", configurations(kinds.pop(), namespace))
            _until_asked(admin, webhook, probe, asked=False)

    in_force.undo = undo
    yield in_force
    for kind in kinds:
        admin.request("DELETE", configurations(kind, namespace))


def _until_asked(admin, webhook, probe, *, asked):
    """The API server learns of a configuration a moment late."""

    async def tried(client):
        before = len(webhook.seen)
        path = f"/api/v1/namespaces/{probe['metadata']['namespace']}/configmaps"
        await client.request("POST", path, body=probe, params={"dryRun": "All"})
        return (len(webhook.seen) > before) is asked

    admin.until(tried)
    webhook.seen.clear()


def _rewrites(**labels):
    """Gives every object that we send these labels, whatever it says itself."""

    def answer(review):
        metadata = review["object"]["metadata"]
        return allowed({"op": "add", "path": "/metadata/labels", "value": {**metadata.get("labels", {}), **labels}})

    return answer


def test_a_denial_is_told_in_the_webhooks_own_words(install, webhook, submit, drain, config, condition, live, until):
    install("validating")
    webhook.answer = lambda review: denied("no ConfigMaps on a Friday")
    work = submit("application", [config("a", key="1")])
    drain()
    told = condition(work, "ApplyFailed")
    assert told["reason"] == "WebhookDenied"
    assert "/ConfigMap/" in told["message"]
    assert "no ConfigMaps on a Friday" in told["message"]
    assert live("ConfigMap", "a") is None
    # It backs off, and goes on by itself once the webhook lets it.
    work.refresh_from_db()
    assert (work.health, work.attempts) == ("Degraded", 1)
    assert work.not_before is not None
    webhook.answer = lambda review: allowed()
    until(lambda: live("ConfigMap", "a") is not None)
    assert condition(work, "ApplyFailed") is None


@pytest.mark.parametrize("policy", ["Fail", "Ignore"])
def test_a_webhook_that_does_not_answer(install, webhook, submit, drain, config, condition, live, policy):
    install("validating", failurePolicy=policy)
    ending = threading.Event()
    webhook.answer = lambda review: ending.wait(60) and allowed()
    work = submit("application", [config("a", key="1")])
    try:
        drain()
    finally:
        ending.set()
    if policy == "Ignore":
        assert condition(work, "Ready")["status"] == "True"
        assert live("ConfigMap", "a") is not None
    else:
        told = condition(work, "ApplyFailed")
        assert told["reason"] == "WebhookFailed"
        assert "context deadline exceeded" in told["message"]


def test_a_webhook_that_is_gone(install, webhook, submit, drain, until, healthy, config, condition, namespace):
    install("validating")
    webhook.stop()
    work = submit("application", [config("a", key="1")])
    drain()
    told = condition(work, "ApplyFailed")
    assert told["reason"] == "WebhookFailed"
    assert f"{namespace}.test.dougong.dev" in told["message"]
    assert "connection refused" in told["message"]


def test_a_field_that_a_webhook_writes_otherwise_is_sent_once(
    install, webhook, submit, drain, sweep, until, healthy, config, condition, live, admin, oid
):
    install("mutating")
    webhook.answer = _rewrites(tier="theirs")
    work = submit("application", [config("a", labels={"tier": "ours"}, key="1"), config("b", key="1")])
    drain()
    told = condition(work, "FieldFought")
    assert (told["status"], told["reason"]) == ("True", "Rewritten")
    assert "metadata.labels.tier" in told["message"]
    assert live("ConfigMap", "a")["metadata"]["labels"]["tier"] == "theirs"
    assert Work.objects.get(pk=work.pk).reported["FieldFought"][0]["owner"] == "admission"
    assert healthy(work)
    before = live("ConfigMap", "a")
    sweep(3)
    assert live("ConfigMap", "a") == before
    assert len([each for each in webhook.seen if each["name"] == "a"]) == 1
    # Everything else is repaired as ever, also in the same object.
    admin.merge(oid("ConfigMap", "a"), {"data": {"key": "2"}})
    admin.merge(oid("ConfigMap", "b"), {"data": {"key": "2"}})
    sweep()
    assert [live("ConfigMap", name)["data"] for name in ("a", "b")] == [{"key": "1"}] * 2
    assert condition(work, "FieldFought") is not None


def test_what_a_webhook_rewrote_is_tried_again_with_a_new_generation(
    install, webhook, submit, drain, config, condition, live
):
    install("mutating")
    webhook.answer = _rewrites(tier="theirs")
    work = submit("application", [config("a", labels={"tier": "ours"}, key="1")])
    drain()
    install.undo()
    submit("application", [config("a", labels={"tier": "ours"}, key="1")], release="another")
    drain()
    assert live("ConfigMap", "a")["metadata"]["labels"]["tier"] == "ours"
    assert condition(work, "FieldFought") is None


def test_an_image_that_a_webhook_rewrites_rolls_out_once(
    install, webhook, submit, drain, sweep, deployment, condition, live, registry_host
):
    install("mutating")
    path = "/spec/template/spec/containers/0/image"
    image = {"op": "replace", "path": path, "value": f"{registry_host}/mirror:1"}
    webhook.answer = lambda review: allowed(image) if review["resource"]["resource"] == "deployments" else allowed()
    work = submit("application", [deployment(replicas=0, cpu="0.5")])
    drain()
    sweep(3)
    assert live("Deployment", "web")["metadata"]["generation"] == 1
    told = condition(work, "FieldFought")
    assert told["message"].count(" is written otherwise ") == 1
    assert 'spec.template.spec.containers[{"name":"main"}].image' in told["message"]
