"""The image registry, on the bridge's address, from which both clusters pull over http. Deletes are enabled."""

import json
import urllib.request
from typing import TYPE_CHECKING

from deploy.lab import images, paths
from deploy.lab.commands import until

from . import Part

if TYPE_CHECKING:
    from deploy.lab.lab import Lab


class Registry(Part):
    name = "registry"
    default = True
    debian = (("docker-registry", "docker-registry"),)

    def up(self, lab: "Lab") -> None:
        folder = lab.paths.of(self.name)
        configuration = {
            "version": 0.1,
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(folder / "blobs")}, "delete": {"enabled": True}},
            "http": {"addr": lab.plan.registry, "secret": lab.plan.name},
        }
        config = paths.write(folder / "config.json", json.dumps(configuration))
        lab.processes.start("parts/registry", ["docker-registry", "serve", config])
        until(lambda: self._answers(lab), "registry", 20)

    def _answers(self, lab: "Lab") -> bool:
        lab.processes.must_run("parts/registry")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://{lab.plan.registry}/v2/", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def fill(self, lab: "Lab") -> None:
        """Push the lab's own images."""
        for image in (images.busybox(), images.traefik(lab.binaries), images.base()):
            images.push(image, lab.plan.registry)

    def status(self, lab: "Lab") -> str:
        return f"http://{lab.plan.registry}"

    def env(self, lab: "Lab") -> dict[str, str]:
        return {"REGISTRY": lab.plan.registry}


PART = Registry()
