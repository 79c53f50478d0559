"""An application on a cluster of the lab, `east` unless named, as its team and the cluster's administrators see it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from apps.blocks import blocks
from clusters.manifests import ObjectId
from clusters.models import OwnedObject, Work
from tests.labs import LAB

ROOT = Path(__file__).resolve().parents[3]
ROLE = "eks.amazonaws.com/role-arn"
SERVE = ["python3", "-m", "http.server", "8080"]
WEB = {"process": {"name": "web", "cpu": "20m", "memory": "64Mi", "command": SERVE, "grace_seconds": 1}}
HTTP = {"port": {"process": "web", "port": 8080}}


def kubectl(*words, stdin=None, on="east"):
    """kubectl as the cluster's administrator."""
    argv = [sys.executable, "-m", "deploy.lab", "--lab", LAB, "kubectl", on, *words]
    done = subprocess.run(argv, cwd=ROOT, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def web(**changes):
    """The process web, changed."""
    return {"process": {**WEB["process"], **changes}}


def example(name, **changes):
    """A block's example as its page shows it, or changed."""
    return {name: {**blocks()[name].example, **changes}}


class Site:
    """The application on the cluster, as its team and its administrators see it."""

    def __init__(self, environment, until, cluster="east"):
        self.environment, self._until, self._cluster = environment, until, cluster

    @property
    def namespace(self):
        return self.environment.namespace

    @property
    def conditions(self):
        """{type: condition} of what the application's Work says."""
        work = self.works().get(name="application")
        return {each["type"]: each for each in work.conditions}

    def works(self):
        return Work.objects.filter(owner_id=self.environment.pk)

    def rows(self):
        """{"Kind/name": its inventory row}."""
        found = OwnedObject.objects.filter(work__in=self.works(), gone_at=None)
        return {f"{ObjectId.parse(each.oid).kind}/{ObjectId.parse(each.oid).name}": each for each in found}

    def until(self, check, minutes=1):
        """Drive the loop till check() holds; what it says of the application if it does not."""
        for _ in range(minutes):
            try:
                self._until(check)
            except TimeoutError:
                continue
            break
        else:
            said = {name: (row.health, row.reason, row.message) for name, row in self.rows().items()}
            conditions = [(work.name, work.conditions) for work in self.works()]
            pytest.fail(f"not in time: {said}\n{conditions}")

    def is_healthy(self):
        """Every object is where it was rendered to be, and well."""
        return all(work.health == "Healthy" and work.observed_generation == work.generation for work in self.works())

    def objects(self, kind):
        """{name: object}, of Pods those that are not going."""
        found = json.loads(self.kubectl("get", kind, "-o", "json"))["items"]
        return {each["metadata"]["name"]: each for each in found if "deletionTimestamp" not in each["metadata"]}

    def object(self, kind, name):
        return json.loads(self.kubectl("get", kind, name, "-o", "json"))

    def pods(self, process="web"):
        """The Pods of a process, by name."""
        return {
            name: each
            for name, each in sorted(self.objects("pods").items())
            if each["metadata"]["labels"].get("app.kubernetes.io/component") == process
        }

    def ready(self, process="web"):
        """The names of those that are ready."""
        conditions = {name: each["status"].get("conditions") or [] for name, each in self.pods(process).items()}
        return [name for name, found in conditions.items() if {"Ready": "True"}.items() <= _said(found).items()]

    def pod(self, process="web"):
        [found] = self.pods(process).values()
        return found

    def sh(self, script, pod="", container=""):
        """What a shell in a Pod prints, that of `web` if none is named."""
        name = pod or next(iter(self.pods()))
        return self.kubectl("exec", name, *(["-c", container] if container else []), "--", "sh", "-c", script)

    def kubectl(self, *words):
        return kubectl("-n", self.namespace, *words, on=self._cluster)


def _said(conditions):
    return {each["type"]: each["status"] for each in conditions}
