"""A script in every field that a person, a cluster or a program can fill, and every page opened in a real browser.

Nothing of it becomes an element of a page, so that no policy has to keep it from running: neither a tag, nor an
attribute of Alpine or htmx, which evaluate theirs. What the policy of a page forbids is never even tried.
"""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.db import connections
from django.utils import timezone

from apps.models import EnvironmentStatus
from clusters.manifests import Manifest
from clusters.models import Cluster, OwnedObject, Work, WorkloadPods
from clusters.pods import seen
from paas.core.models import SavedFilter
from paas.identity import devices
from paas.identity import services as identity
from paas.identity.models import User
from tests.proof.canary import Net, canary
from tests.proof.crawl import Ear, Walker
from tests.proof.tenants import platform, settle

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

# At most a hundred characters, which a title may have.
SCRIPT = "\"'><img data-xss src=/x onerror=xss()><i data-xss x-init=xss() hx-on:load=xss()></i>{{7*7}}"
LINK = "javascript:xss()//"
NODE = {
    "name": SCRIPT, "ready": True, "cordoned": False, "roles": [SCRIPT], "version": LINK,
    "taints": [{"key": SCRIPT, "value": LINK, "effect": SCRIPT}],
    "capacity": {"cpu": SCRIPT, "memory": "1Gi"}, "allocatable": {"cpu": SCRIPT, "memory": "1Gi"},
}  # fmt: skip
PASSWORD = "{} likes dumplings"
LISTEN = """
window.xss = () => { window.ran = true };
window.refused = [];
document.addEventListener('securitypolicyviolation', event =>
  window.refused.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
"""
LOOK = """() => ({
  ran: !!window.ran,
  refused: window.refused,
  links: [...document.querySelectorAll('a[href]')].map(each => each.protocol)
    .filter(each => !['http:', 'https:', 'mailto:'].includes(each)),
  elements: [...document.querySelectorAll('[data-xss]')].map(each => each.outerHTML),
})"""


@pytest.fixture
def on(transactional_db):
    return platform(lambda name: PASSWORD.format(name.rpartition(" ")[2]))


@pytest.fixture
def crew(on):
    """A team all of whose words are scripts, and a cluster that says nothing else."""
    made = settle(on, "a", mark=lambda name: canary() if name == "the image" else SCRIPT, plant=lambda name: SCRIPT)
    condition = {"type": "Ready", "status": "False", "reason": "Broken", "message": f"{SCRIPT} {LINK}",
                 "lastTransitionTime": timezone.now().isoformat()}  # fmt: skip
    Work.objects.update(conditions=[condition], health="Degraded")
    EnvironmentStatus.objects.update(conditions=[condition], health="Degraded")
    facts = {**on.cluster.facts, "version": SCRIPT, "nodes": [NODE]}
    Cluster.objects.update(conditions=[{**condition, "type": "Reachable"}], facts=facts, labels={"a": SCRIPT})
    for work in Work.objects.all():
        for each in work.manifests:
            _owned(work, Manifest.stored(each))
    owner = made.people["owner"]
    identity.create_token(user=owner, name=SCRIPT, machine=SCRIPT, actor=owner)
    SavedFilter.objects.update(query=LINK)
    # What a directory or a provider sends is taken as it is.
    User.objects.update(first_name=SCRIPT, last_name=SCRIPT, email=f"{SCRIPT}@{LINK}")
    return made


def _owned(work, manifest):
    """An object that is ill, and the pods of it that are."""
    said = {"message": SCRIPT, "reason": "Broken", "health": "Degraded"}
    oid = {"oid": str(manifest.id), "namespace": manifest.id.namespace}
    OwnedObject.objects.create(
        work=work, cluster=work.cluster, claim="c", api_version=manifest.api_version, **oid, **said
    )
    if manifest.id.kind == "Deployment":
        pod = {**seen({"metadata": {"name": SCRIPT}, "spec": {"nodeName": SCRIPT}}), **said}
        WorkloadPods.objects.create(cluster=work.cluster, total=1, pods=[pod], **oid)


def _aside(work):
    """What it returns, in a thread of its own: the browser keeps a loop in this one."""

    def run():
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


@pytest.mark.parametrize("role", ["owner", "operator"])
def test_no_page_has_it_as_an_element(sign_in, on, crew, role, served):
    user = crew.people["owner"] if role == "owner" else on.operator
    page = sign_in(user)
    # Afterwards: else it would have been asked for.
    _aside(lambda: WebAuthn.add(user, SCRIPT, {}))
    begun = devices.begin(client_id="dougong-cli", scope="read", machine=SCRIPT[:100], address=None)
    starts = [f"/console/device/?code={begun.user_code}", f"/console/palette/?q={SCRIPT}", "/api/docs/"]
    addresses = _aside(lambda: Walker(role, Ear(Net()), user).walk(*starts).addresses)
    page.add_init_script(LISTEN)
    found = {}
    for address in addresses:
        if address.endswith(".cast"):
            continue  # a download, no page
        answer = page.goto(f"{served}{address}", wait_until="load")
        assert answer is None or answer.status < 500, address
        if answer is None or "html" not in answer.headers.get("content-type", ""):
            continue
        seen = page.evaluate(LOOK)
        if any(seen.values()):
            found[address] = seen
    assert found == {}, json.dumps(found, indent=1)[:4000]
    assert len(addresses) > 30
    assert {"/console/account/"} <= {*addresses}
