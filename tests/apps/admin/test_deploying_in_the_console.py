"""The deploy page: an app file as text, what it would come to, and the act; a refusal keeps what was typed."""

import pytest
import yaml
from django.urls import reverse

from apps.appfile import parse
from apps.models import Application, Release
from apps.problems import ProblemsError


@pytest.fixture
def page(client, owner, project):
    client.force_login(owner)
    return reverse("admin:applications_project_deploy", args=[project.pk])


def test_the_first_application_is_deployed_by_hand(client, page, document, east):
    assert "registry.example/hello" in client.get(page).content.decode()
    text = yaml.safe_dump(document())
    seen = client.post(page, {"file": text, "preview": "1"}).content.decode()
    assert "Deployment/hello-web" in seen
    assert "What it would come to" in seen
    assert not Application.objects.exists()
    answer = client.post(page, {"file": text, "reason": "by hand"}, follow=True)
    release = Release.objects.get()
    assert (release.reason, release.created_by.username) == ("by hand", "olga")
    assert "Deployed: production r1." in answer.content.decode()


def test_an_application_begins_with_the_file_of_the_last_time(client, owner, deploy):
    application = deploy().application
    client.force_login(owner)
    address = reverse("admin:applications_application_deploy", args=[application.pk])
    shown = client.get(address)
    file = yaml.safe_load(shown.context["form"].initial["file"])
    assert file == application.app_file
    seen = client.post(address, {"file": yaml.safe_dump(file), "preview": "1"}).content.decode()
    assert "Nothing would change." in seen
    assert "Nothing has changed." in client.post(address, {"file": yaml.safe_dump(file)}, follow=True).content.decode()
    assert Release.objects.count() == 1


@pytest.mark.parametrize("button", [{"preview": "1"}, {}])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "line 2: expected well-formed YAML"),
        ("name: hello", "project: expected"),
        ("{name: hello, project: other, image: x, environments: {}, blocks: []}", "image: expected"),
        ("", "This field is required"),
    ],
)
def test_what_is_wrong_is_told_and_what_was_typed_is_kept(client, page, text, said, button):
    answer = client.post(page, {"file": text, "reason": "why not", **button})
    assert said in answer.content.decode()
    assert "why not" in answer.content.decode()
    assert not Application.objects.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "第 2 行：应为格式正确的 YAML，实为"),
        ("name: hello\nname: other", "第 2 行：应为每个键只出现一次，实为又一个 &quot;name&quot;"),
        ("name: Hello", "name：应为由小写字母、数字和 - 组成并以字母开头的名称，实为&quot;Hello&quot;"),
        ("blocks: [{prot: {}}]", "（是否想写 port？），实为&quot;prot&quot;"),
        ("blocks: [{schedule: {schedule: 0 25 * * *}}]", "实为小时为 25，其范围是 0 到 23"),
    ],
)
def test_what_is_wrong_is_told_in_the_reader_s_language(client, page, text, said):
    answer = client.post(page, {"file": text}, HTTP_ACCEPT_LANGUAGE="zh-CN").content.decode()
    assert said in answer
    assert ": expected" not in answer
    with pytest.raises(ProblemsError, match="expected"):
        parse(text)


def test_a_refusal_is_told_with_its_code(client, page, document, east):
    text = yaml.safe_dump(document(clusters=["moon"]))
    for button in ({"preview": "1"}, {}):
        assert "cluster_unknown" in client.post(page, {"file": text, **button}).content.decode()


def test_who_may_not_deploy_is_sent_back_with_the_rule(client, viewer, stranger, project, deploy):
    application = deploy().application
    address = reverse("admin:applications_application_deploy", args=[application.pk])
    client.force_login(viewer)
    assert "permission_denied" in client.get(address, follow=True).content.decode()
    client.force_login(stranger)
    assert client.get(address).status_code == 404
    assert client.get(reverse("admin:applications_project_deploy", args=[project.pk])).status_code == 404
