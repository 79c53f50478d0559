"""render, app-file schema, docs: nothing is asked of anybody; and no framework is loaded."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

FILE = """
name: hello
project: shop
image: registry.example/hello@sha256:{}
environments:
  prod: {{clusters: [east]}}
  dev: {{clusters: [west]}}
blocks:
  - process: {{name: web, cpu: 50m, memory: 64Mi}}
  - port: {{process: web, port: 8080}}
  - secret: {{name: database, keys: [DATABASE_URL]}}
  - route: {{process: web, host: hello.example}}
""".format("1" * 64)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "app.yaml"
    path.write_text(FILE)
    return str(path)


def test_prints_the_objects_of_an_environment(run, file):
    got = run("render", "-f", file, "-e", "prod")
    assert got.code == 0, got.err
    kinds = [each["kind"] for each in yaml.safe_load_all(got.out)]
    assert kinds[0] == "Namespace"
    assert {"Deployment", "Service", "Secret", "HTTPRoute"} <= set(kinds)


def test_as_json_it_is_a_list(run, file):
    found = run("render", "-f", file, "-e", "prod", "--namespace", "mine", "-o", "json").json
    assert found["kind"] == "List"
    assert {each["metadata"].get("namespace", "mine") for each in found["items"]} == {"mine"}


def test_a_cluster_without_a_gateway_gets_no_route_and_a_remark(run, file, tmp_path):
    facts = tmp_path / "facts.yaml"
    facts.write_text("name: bare\ngateway: null\n")
    got = run("render", "-f", file, "-e", "prod", "--cluster-facts", str(facts), "-o", "name")
    assert "httproute" not in got.out
    assert "cluster bare has no gateway" in got.err


def test_says_what_is_wrong_with_the_file_and_where(run, tmp_path):
    path = tmp_path / "app.yaml"
    path.write_text(FILE.replace("port: 8080", "port: 0"))
    got = run("render", "-f", str(path), "-e", "prod")
    assert got.code == 2
    assert "blocks[1].port.port: expected an integer from 1 to 65535, got 0" in got.err


def test_asks_which_environment_is_meant(run, file):
    assert run("render", "-f", file).code == 2
    assert run("render", "-f", file, "-e", "staging").code == 2


WANTED = """
  - volume: {process: web, name: data, path: /data, size: 1Gi, tier: fast}
  - priority: {priority_class: high}
  - node_pool: {pool: large}
  - service_account: {process: web, annotations: {example.org/role: "a[*]"}}
  - vertical_autoscale: {process: web}
"""


@pytest.fixture
def wanting(tmp_path):
    path = tmp_path / "wanting.yaml"
    path.write_text(FILE + WANTED)
    return str(path)


def test_without_facts_a_cluster_offers_what_the_file_asks_for(run, wanting):
    got = run("render", "-f", wanting, "-e", "prod")
    assert got.code == 0, got.err
    found = {each["kind"]: each for each in yaml.safe_load_all(got.out)}
    assert found["PersistentVolumeClaim"]["spec"]["storageClassName"] == "fast"
    assert "VerticalPodAutoscaler" in found
    assert got.err.splitlines() == [
        "Taken to be offered: kind autoscaling.k8s.io/v1/VerticalPodAutoscaler.",
        "Taken to be offered: storage tier fast (its StorageClass is called fast here).",
        "Taken to be offered: priority class high.",
        "Taken to be offered: node pool large.",
        "Taken to be offered: annotation example.org/role.",
    ]


def test_with_facts_it_offers_what_they_say(run, wanting, tmp_path):
    facts = tmp_path / "facts.yaml"
    facts.write_text("name: bare\n")
    got = run("render", "-f", wanting, "-e", "prod", "--cluster-facts", str(facts))
    assert got.code == 2
    assert "cluster bare offers no" in got.err
    facts.write_text(
        "storage: {fast: local-ssd}\npriority_classes: [high]\nnode_pools: [large]\n"
        "service_account_annotations: {example.org/role: ['a*']}\n"
        "served: [autoscaling.k8s.io/v1/VerticalPodAutoscaler]\n"
    )
    got = run("render", "-f", wanting, "-e", "prod", "--cluster-facts", str(facts))
    assert got.code == 0, got.err
    assert "storageClassName: local-ssd" in got.out
    assert "Taken" not in got.err


@pytest.mark.parametrize("facts", ["[1]", "a: {", "unknown: 1", "storage: 1"])
def test_says_that_facts_are_wrong(run, file, tmp_path, facts):
    path = tmp_path / "facts.yaml"
    path.write_text(facts)
    assert run("render", "-f", file, "-e", "prod", "--cluster-facts", str(path)).code == 2


def test_prints_the_schema_of_the_app_file(run):
    found = run("app-file", "schema").json
    assert "process" in json.dumps(found["$defs"]["Block"])
    assert yaml.safe_load(run("app-file", "schema", "-o", "yaml").out) == found


def test_the_reference_is_current(run):
    """`dougong docs > docs/cli.md` brings it up to date."""
    assert (ROOT / "docs" / "cli.md").read_text() == run("docs").out


def test_every_command_has_a_page_of_its_own(run, tmp_path):
    """`make cli-pages` brings them up to date."""
    (tmp_path / "gone.md").write_text("of a command that is no more")
    assert run("docs", "--folder", str(tmp_path)).code == 0
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_text() for path in (ROOT / "docs" / "cli").iterdir()}
    assert made["cluster-list.md"].startswith("# `dougong cluster list`\n\nList the fleet.\n")
    assert "gone.md" not in made


def test_every_command_is_in_the_reference(run):
    told = run("docs").out
    for command in (
        "login",
        "logout",
        "contexts",
        "deploy",
        "render",
        "status",
        "history",
        "rollback",
        "logs",
        "retire",
    ):
        assert f"\n## `dougong {command}`\n" in told
    for command in ("join", "leave", "list", "show", "cordon", "uncordon", "suspend", "resume"):
        assert f"\n## `dougong cluster {command}`\n" in told


def test_each_option_and_argument_is_explained(run):
    assert not [
        line for line in run("docs").out.splitlines() if line.startswith("- `") and line.endswith((":", ": None"))
    ]


def test_loads_no_framework(file):
    """Neither at its start nor when it renders."""
    script = (
        "import sys\nfrom paas.cli.main import main\n"
        f"code = main(['render', '-f', {file!r}, '-e', 'prod', '-o', 'name'])\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "heavy = {'django', 'rest_framework', 'celery', 'kubernetes', 'redis', 'aiohttp'}\n"
        "sys.exit(code or ' '.join(loaded & heavy) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_only_one_module_knows_httpx():
    found = [path.name for path in (ROOT / "paas" / "cli").rglob("*.py") if "import httpx" in path.read_text()]
    assert found == ["http.py"]


def test_the_installed_command_works_in_a_pipe(file):
    """As a program of its own, with its output read by another."""
    argv = [str(Path(sys.executable).with_name("dougong")), "render", "-f", file, "-e", "prod", "-o", "json"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["kind"] == "List"
    assert done.stderr == ""
