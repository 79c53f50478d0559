"""Languages and time zones of the console: the person's own choice, else the browser's; the API stays as it is."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from paas.core.errors import Conflict, NotFound
from paas.core.models import AuditEvent
from paas.core.moments import span, when
from paas.core.problems import problem
from paas.core.site import refused
from paas.core.sse import _for_reader
from paas.identity.models import User

HOME = reverse("admin:index")
LANGUAGE = reverse("admin:language")
CHINESE = {"HTTP_ACCEPT_LANGUAGE": "zh-CN,zh;q=0.9,en;q=0.8"}


def test_the_browser_s_language_before_a_choice(client, owner):
    client.force_login(owner)
    assert 'lang="en-gb"' in client.get(HOME).content.decode()
    answer = client.get(HOME, **CHINESE)
    assert 'lang="zh-hans"' in answer.content.decode()
    assert "首页" in answer.content.decode()
    assert answer["Content-Language"] == "zh-hans"


def test_a_choice_is_the_person_s_and_stays(client, owner):
    client.force_login(owner)
    answer = client.post(LANGUAGE, {"language": "zh-hans", "next": "/console/clusters/cluster/?q=a"})
    assert answer["Location"] == "/console/clusters/cluster/?q=a"
    client.cookies.clear()
    client.force_login(User.objects.get(pk=owner.pk))
    assert "首页" in client.get(HOME).content.decode()
    assert AuditEvent.objects.get(action="user.language_set").after == {"language": "zh-hans"}
    client.post(LANGUAGE, {"language": "en-gb"})
    assert "首页" not in client.get(HOME, **CHINESE).content.decode()


def test_an_unknown_language_is_refused_and_nobody_is_led_away(client, owner):
    client.force_login(owner)
    answer = client.post(LANGUAGE, {"language": "tlh", "next": "https://evil.example/"}, follow=True)
    assert answer.redirect_chain == [(HOME, 302)]
    assert "language_unknown" in answer.content.decode()
    assert client.get(LANGUAGE).status_code == 405


def test_the_api_speaks_english(client, owner):
    client.force_login(owner)
    answer = client.get("/api/v1/teams/none/", **CHINESE).json()
    assert answer["detail"].startswith("There is no such team")


def test_nothing_is_left_behind(client, owner):
    client.force_login(owner)
    client.cookies["dougong_zone"] = "Asia/Shanghai"
    client.get(HOME, **CHINESE)
    assert translation.get_language() == "en-gb"
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.parametrize("zone", ["Asia%2FShanghai", "Asia/Shanghai"])
def test_times_in_the_reader_s_zone(client, owner, team, zone):
    client.force_login(owner)
    client.cookies["dougong_zone"] = zone
    address = reverse("admin:identity_team_history", args=[team.pk])
    event = AuditEvent.objects.filter(object_id=str(team.pk)).latest("at")
    with timezone.override("Asia/Shanghai"):
        told = timezone.localtime(event.at).strftime("%Y-%m-%d %H:%M:%S")
    assert told in client.get(address).content.decode()


@pytest.mark.parametrize("zone", ["../../etc/passwd", "Nowhere/Land", "Europe", "\x00", "a" * 5000])
def test_what_is_no_zone_is_utc(client, owner, zone):
    client.force_login(owner)
    client.cookies["dougong_zone"] = zone
    assert client.get(HOME).status_code == 200


def test_a_live_view_goes_on_in_the_language_and_zone_it_began_in():
    at = datetime(2026, 1, 1, 20, tzinfo=UTC)
    with translation.override("zh-hans"), timezone.override("Asia/Shanghai"):
        read = _for_reader(lambda: {"language": translation.get_language(), "at": when(at)})
    assert read() == {"language": "zh-hans", "at": "2026-01-02 04:00"}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "under a minute"), (59, "under a minute"), (60, "1 minute"), (7200, "2 hours"), (86400 * 65, "65 days")],
)
def test_spans(seconds, said):
    assert span(seconds) == said


REFUSAL = Conflict(
    "cluster_cordoned", "Cluster 'east' is cordoned: it takes nothing new.", remedy="Name another cluster."
)
TEMPLATE = Conflict(
    "frozen",
    "'%(environment)s' is frozen until %(until)s: %(why)s.",
    rule="Said nowhere else, and so in English.",
    params={"environment": "production", "until": "Monday", "why": "it is Christmas"},
)


def test_a_refusal_in_english_says_nothing_twice():
    said = "Cluster &#x27;east&#x27; is cordoned: it takes nothing new. What to do: Name another cluster."
    assert refused(REFUSAL) == f"{said} (cluster_cordoned)"
    assert refused(TEMPLATE).startswith("&#x27;production&#x27; is frozen until Monday: it is Christmas. Rule: ")


def test_a_refusal_in_chinese_says_what_it_means_and_the_english_beneath():
    with translation.override("zh-hans"):
        told = refused(REFUSAL)
    assert told.startswith(f"集群已封锁，不接受新内容：请指定其他集群，或联系运维人员。 ({REFUSAL.code})")
    assert '<span class="block text-xs" lang="en">Cluster &#x27;east&#x27; is cordoned' in told


def test_a_refusal_that_is_translated_has_its_values_in_chinese():
    with translation.override("zh-hans"):
        told = refused(TEMPLATE)
    assert "production" in told.partition("<span")[0]
    assert "Monday" in told.partition("<span")[0]
    assert told.partition("<span")[2].endswith("Said nowhere else, and so in English.</span>")
    assert "is frozen" not in told


def test_a_live_view_says_its_end_in_the_reader_s_language():
    def gone():
        raise NotFound("not_found", "There is nothing at this address.")

    with translation.override("zh-hans"):
        read = _for_reader(gone)
    with pytest.raises(NotFound) as refusal:
        read()
    assert problem(refusal.value)["detail"] == "这里没有内容，或您无权查看。"
    with pytest.raises(NotFound) as refusal:
        _for_reader(gone)()
    assert problem(refusal.value)["detail"] == "There is nothing at this address."
