"""`dougong init`: what is seen in a folder, and the app file proposed; it is always one that can be deployed."""

import json

import pytest
import yaml

from apps.appfile import parse
from paas.cli.propose import name_of

FOLDERS = {
    "containerfile": (
        {"Dockerfile": "FROM x\nEXPOSE 9000/tcp\nHEALTHCHECK CMD curl -f http://localhost:9000/healthz || exit 1\n"},
        {"web": (None, 9000, "/healthz")},
    ),
    "containerfile-without-port": ({"Containerfile": "FROM x\n"}, {"web": (None, 8080, None)}),
    "procfile": (
        {"Procfile": "web: gunicorn shop.wsgi --bind :$PORT\nWork_er: celery -A shop worker\nrelease: x\n#: x\n"},
        {
            "web": (["/bin/sh", "-c", "gunicorn shop.wsgi --bind :$PORT"], 8080, None),
            "work-er": (["celery", "-A", "shop", "worker"], None, None),
        },
    ),
    "procfile-and-containerfile": (
        {"Procfile": "web: serve\n", "Dockerfile": "EXPOSE 5000\n"},
        {"web": (["serve"], 5000, None)},
    ),
    "worker-only": ({"Procfile": "worker: run\n"}, {"worker": (["run"], None, None)}),
    "node": (
        {"package.json": json.dumps({"scripts": {"start": "node ."}})},
        {"web": (["npm", "start"], 3000, None)},
    ),
    "node-in-a-container": (
        {"package.json": json.dumps({"scripts": {"start": "node ."}}), "Dockerfile": "FROM node\n"},
        {"web": (None, 3000, None)},
    ),
    "django": (
        {"manage.py": "", "shop/wsgi.py": ""},
        {"web": (["gunicorn", "shop.wsgi", "--bind", "0.0.0.0:8000"], 8000, None)},
    ),
    "fastapi": (
        {"pyproject.toml": '[project]\ndependencies = ["FastAPI>=0.1"]\n'},
        {"web": (["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"], 8000, None)},
    ),
    "flask": (
        {"requirements.txt": "# none\nflask==3\n"},
        {"web": (["gunicorn", "app:app", "--bind", "0.0.0.0:8000"], 8000, None)},
    ),
    "go": ({"go.mod": "module example.com/shop\n\ngo 1.26\n"}, {"web": (None, 8080, None)}),
    "nothing": ({}, {"web": (None, 8080, None)}),
    "broken": (
        {"package.json": "{", "pyproject.toml": "[", "Procfile": 'web: sh -c "\n', "Dockerfile": ""},
        {"web": (["/bin/sh", "-c", 'sh -c "'], 8000, None)},
    ),
    "strange": (
        {"package.json": "[1]", "pyproject.toml": "project = 3\n", "requirements.txt": ""},
        {"web": (None, 8000, None)},
    ),
}


@pytest.fixture
def folder(tmp_path):
    def make(files):
        here = tmp_path / "shop"
        here.mkdir()
        for name, text in files.items():
            (here / name).parent.mkdir(exist_ok=True)
            (here / name).write_text(text)
        return here

    return make


def declared(document):
    """{process: (command, port, probe path)}."""
    ports = {each["port"]["process"]: each["port"]["port"] for each in document["blocks"] if "port" in each}
    processes = [each["process"] for each in document["blocks"] if "process" in each]
    return {each["name"]: (each.get("command"), ports.get(each["name"]), each.get("probe_path")) for each in processes}


@pytest.mark.parametrize("kind", FOLDERS)
def test_proposes_what_it_sees(run, folder, kind):
    files, wanted = FOLDERS[kind]
    here = folder(files)
    got = run("init", str(here))
    assert got.code == 0, got.err
    text = (here / "app.yaml").read_text()
    assert declared(yaml.safe_load(text)) == wanted
    assert parse(text).name == "shop"
    assert "Seen: " in got.err
    assert run("render", "-f", str(here / "app.yaml"), "-o", "name").code == 0


def test_what_it_is_told_is_taken_over(run, folder):
    here = folder({})
    image = f"registry.example/x@sha256:{'1' * 64}"
    got = run("init", str(here), "--name", "x", "--project", "p", "--image", image, "--cluster", "east", "-o", "json")
    found = got.json
    assert (found["name"], found["project"], found["image"]) == ("x", "p", image)
    assert found["environments"] == {"production": {"clusters": ["east"]}}


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_printed_it_is_not_written(run, folder, form):
    here = folder({"Dockerfile": "EXPOSE 80\n"})
    got = run("init", str(here), "-o", form)
    assert parse(got.out).name == "shop"
    assert not (here / "app.yaml").exists()


def test_both_forms_say_the_same(run, folder):
    here = folder(FOLDERS["procfile"][0])
    assert yaml.safe_load(run("init", str(here), "-o", "yaml").out) == run("init", str(here), "-o", "json").json


def test_a_file_that_is_there_stays_unless_forced(run, folder):
    here = folder({"app.yaml": "mine"})
    got = run("init", str(here))
    assert (got.code, "--force" in got.err) == (4, True)
    assert (here / "app.yaml").read_text() == "mine"
    assert run("init", str(here), "--force", "-o", "name").out == f"{here}/app.yaml\n"
    assert "name: shop" in (here / "app.yaml").read_text()


def test_a_folder_that_is_not_there(run, tmp_path):
    assert run("init", str(tmp_path / "none")).code == 2


def test_a_place_that_cannot_be_written(run, folder, tmp_path):
    got = run("init", str(folder({})), "-f", str(tmp_path / "none" / "app.yaml"))
    assert (got.code, "cannot be written" in got.err) == (2, True)


@pytest.mark.parametrize(
    ("given", "name"), [("My Shop!", "my-shop"), ("9lives", "lives"), ("...", "app"), ("x" * 80, "x" * 63)]
)
def test_a_folder_s_name_becomes_one_that_is_allowed(tmp_path, given, name):
    assert name_of(tmp_path / given) == name
