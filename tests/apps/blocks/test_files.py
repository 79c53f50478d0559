import pytest

from apps.contribution import RenderError

GREETINGS = {"process": "web", "path": "/etc/hello", "files": {"greetings.txt": "hello\n"}}


@pytest.fixture
def pod(rendered, web):
    """The Pod of the process web with files."""

    def find(*items):
        return rendered(web, *items)["Deployment"]["spec"]["template"]["spec"]

    return find


def test_makes_an_immutable_map_of_the_files(contribute):
    [made] = contribute("files", GREETINGS).objects
    name = made.body["metadata"]["name"]
    assert name.startswith("hello-web-files-")
    assert made.body == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "immutable": True,
        "data": {"greetings.txt": "hello\n"},
    }


def test_the_process_finds_them_read_only(rendered, web):
    found = rendered(web, {"files": GREETINGS})
    pod = found["Deployment"]["spec"]["template"]["spec"]
    [mount] = [each for each in pod["containers"][0]["volumeMounts"] if each["mountPath"] == "/etc/hello"]
    assert mount["readOnly"] is True
    assert {"name": mount["name"], "configMap": {"name": found["ConfigMap"]["metadata"]["name"]}} in pod["volumes"]


def test_a_change_restarts_and_going_back_restores(pod):
    changed = {**GREETINGS, "files": {"greetings.txt": "hi\n"}}
    before, after = pod({"files": GREETINGS}), pod({"files": changed})
    assert before != after
    assert pod({"files": GREETINGS}) == before


def test_the_same_files_in_two_directories_are_two_objects(contribute):
    one, other = (contribute("files", {**GREETINGS, "path": path}) for path in ("/etc/hello", "/etc/hi"))
    assert one.objects[0].body["metadata"]["name"] != other.objects[0].body["metadata"]["name"]


def test_two_that_want_the_same_directory_are_refused(make_app, target, web):
    from apps.render import render

    for_all = {key: value for key, value in GREETINGS.items() if key != "process"}
    with pytest.raises(RenderError) as refused:
        render(make_app(web, {"files": GREETINGS}, {"files": for_all}), target)
    assert refused.value.code == "mounts_conflict"
    assert "path /etc/hello" in refused.value.message


@pytest.mark.parametrize("path", ["/proc/x", "/sys", "/dev/shm"])
def test_a_directory_of_the_system_is_refused(rendered, web, path):
    with pytest.raises(RenderError) as refused:
        rendered(web, {"files": {**GREETINGS, "path": path}})
    assert (refused.value.code, refused.value.path) == ("reserved_path", f"files({path}, web)")


def test_a_directory_inside_one_that_is_read_only_is_refused(make_app, target, web):
    from apps.render import render

    inner = {**GREETINGS, "path": "/etc/hello/more"}
    with pytest.raises(RenderError) as refused:
        render(make_app(web, {"files": GREETINGS}, {"files": inner}), target)
    assert (refused.value.code, refused.value.path) == ("mount_inside_read_only", "files(/etc/hello/more, web)")


def test_a_directory_inside_tmp_is_taken(pod):
    assert pod({"files": {**GREETINGS, "path": "/tmp/hello"}})
