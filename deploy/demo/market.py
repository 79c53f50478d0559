"""What the other team has: an application in two environments, of which one is protected."""

from deploy.lab import paths

from . import appfile, people
from .demo import Demo

NAME = "stall"
REFERENCE = f"{people.OTHER_PROJECT}/{NAME}"
PROTECTED = "production"
APP_FILE = """\
# Edit me, then: dougong deploy -f {file} --watch
name: {name}
project: {project}
image: {image}
environments:
  staging: {{clusters: [{last}]}}
  {protected}: {{clusters: [{first}]}}
blocks:
  - process: {{name: web, replicas: 1, cpu: 20m, memory: 64Mi, probe_path: /healthz}}
  - port: {{process: web, port: 8080}}
  - config: {{values: {{GREETING: Fresh dumplings}}}}
"""


def set_up(demo: Demo) -> None:
    """Write its app file and release it, once; nothing of it is changed afterwards."""
    file = demo.config.other_app_file
    if not file.exists():
        names = [member.name for member in demo.members]
        [image] = appfile.IMAGE.findall(demo.config.app_file.read_text())
        text = APP_FILE.format(
            file=file, name=NAME, project=people.OTHER_PROJECT, image=image.removeprefix("image: "), first=names[0],
            last=names[-1], protected=PROTECTED,
        )  # fmt: skip
        paths.write(file, text)
    there = demo.admin.get(f"/applications/?project={people.OTHER_PROJECT}&name={NAME}").get("results")
    if not there:
        demo.admin("deploy", "-f", str(file), "--reason", "the stall opens", "--watch")
    demo.admin("protect", REFERENCE, "-e", PROTECTED)
