"""Secrets in the console: typed in and never shown again, revoked by their name after seeing what that comes to."""

import pytest
from django.urls import reverse

from apps import services
from apps.models import Environment, Release, SecretVersion
from apps.selectors import secrets_of
from apps.selectors.secrets import secret_value
from paas.core.models import AuditEvent

HUSH = "top-secret-1"
BLOCKS = [{"secret": {"name": "database", "keys": ["URL"]}}]


@pytest.fixture
def environment(project, owner, east):
    services.create_environment(project=project, application="hello", name="production", actor=owner)
    return Environment.objects.get()


@pytest.fixture
def set_secret(environment, owner):
    def go(**values):
        return services.set_secret(environment=environment, name="database", values=values, actor=owner)

    return go


def stored(name="database"):
    return [each for secret in secrets_of(Environment.objects.get(), name) for each in secret.versions]


def form_of(answer):
    """What a browser would send back of the form as it is: the hidden fields and the rows of keys."""
    values = answer.context["values"]
    sent = {f"values-{name}": values.management_form[name].value() for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    sent |= {row["key"].html_name: row["key"].value() or "" for row in values}
    secret = answer.context["secret"]
    return {**sent, "version": secret.version if secret else 0, "name": answer.context["form"]["name"].value() or ""}


@pytest.fixture
def store(client, environment):
    """store(user, "database", ("URL", "value"), …) → the answer to the form, followed."""

    def go(user, name="database", *pairs, query="", **said):
        client.force_login(user)
        address = reverse("admin:secret_store", args=[environment.pk]) + query
        opened = client.get(address)
        if opened.status_code != 200:
            return client.get(address, follow=True)
        sent = {**form_of(opened), "name": name}
        for place, (key, value) in enumerate(pairs):
            sent |= {f"values-{place}-key": key, f"values-{place}-value": value}
        return client.post(address, {**sent, **said}, follow=True)

    return go


@pytest.fixture
def revoke(client, environment):
    """revoke(user, name="database", …) → the answer to the form, followed; without words the page."""

    def go(user, *, query="", **said):
        client.force_login(user)
        address = reverse("admin:secret_revoke", args=[environment.pk, "database"]) + query
        page = client.get(address, follow=True)
        if not said:
            return page
        return client.post(address, {"version": page.context["read"], "reason": "", **said}, follow=True)

    return go


def test_a_version_is_stored_and_its_value_shown_nowhere(store, owner, client):
    answer = store(owner, "database", ("URL", HUSH), ("CERTIFICATE", "one\r\ntwo"), max_age_days="30")
    assert "database v1 is stored." in answer.content.decode()
    [made] = stored()
    assert (made.keys, made.max_age_days, made.created_by) == (["CERTIFICATE", "URL"], 30, owner)
    assert secret_value(f"{made.pk}/URL").decode() == HUSH
    assert secret_value(f"{made.pk}/CERTIFICATE") == b"one\ntwo"
    assert HUSH not in answer.content.decode()
    page = client.get(reverse("admin:secret_store", args=[made.environment_id]), {"name": "database"})
    assert HUSH not in page.content.decode()
    assert 'autocomplete="off"' in page.content.decode()
    assert "no-store" in page["Cache-Control"]


def test_the_next_version_knows_its_keys_and_wants_every_value_again(store, set_secret, owner):
    set_secret(URL=HUSH, USER="hello")
    answer = store(owner, "database", ("URL", "new"), query="?name=database")
    assert "USER: type the value again" in answer.content.decode()
    assert len(stored()) == 1
    store(owner, "database", ("URL", "new"), ("USER", "hello"), ("PASSWORD", "x"), query="?name=database")
    assert stored()[0].keys == ["PASSWORD", "URL", "USER"]
    store(owner, "database", ("", ""), ("", ""), ("PASSWORD", "y"), query="?name=database")
    assert (stored()[0].keys, stored()[0].version) == (["PASSWORD"], 3)


@pytest.mark.parametrize(
    ("name", "pairs", "said"),
    [
        ("database", [("", "lost")], "A value has no key."),
        ("database", [("URL", "1"), ("URL", "2")], "A key is there twice."),
        ("database", [("no key", "1")], "secret_invalid"),
        ("database", [], "secret_invalid"),
        ("Not A Name", [("URL", "1")], "lower-case letters"),
    ],
)
def test_a_mistake_keeps_the_names_and_forgets_the_values(store, owner, name, pairs, said):
    answer = store(owner, name, *pairs)
    text = answer.content.decode()
    assert said in text
    assert not SecretVersion.objects.exists()
    assert name in text
    assert not [row for row in answer.context["values"] if f">{row['value'].value()}<" in text and row["value"].value()]


def test_a_new_secret_does_not_take_the_name_of_another(store, set_secret, owner):
    set_secret(URL=HUSH)
    assert "There is such a secret" in store(owner, "database", ("URL", "mine")).content.decode()
    assert len(stored()) == 1


def test_two_at_once_do_not_overtake_each_other_unseen(store, set_secret, owner):
    set_secret(URL="theirs")
    answer = store(owner, "database", ("URL", "mine"), query="?name=database", version="0")
    assert "version_changed" in answer.content.decode()
    assert len(stored()) == 1


def test_values_may_be_in_a_store_outside(store, owner):
    store(owner, "database", ("URL", "shop/database#url"), store="vault")
    [secret] = secrets_of(Environment.objects.get(), "database")
    assert (secret.store, secret.remote) == ("vault", {"URL": "shop/database#url"})


def test_who_may_only_view_stores_and_revokes_nothing(store, revoke, set_secret, viewer, stranger):
    set_secret(URL=HUSH)
    assert "permission_denied" in store(viewer).content.decode()
    assert "permission_denied" in revoke(viewer).content.decode()
    assert store(stranger).status_code == 404
    assert [each.revoked_at for each in stored()] == [None]


def test_the_pages_lead_there_for_those_who_may(client, set_secret, owner, viewer):
    set_secret(URL=HUSH)
    layer = ["environment", "demo/hello/production"]
    address = f"{reverse('admin:config_layer_key', args=layer)}?secret=database"
    for user, there in ((owner, True), (viewer, False)):
        client.force_login(user)
        page = client.get(address).content.decode()
        assert ("Revoke all versions…" in page, "Store a version…" in page) == (there, there)
        assert ("Store a secret in" in client.get(reverse("admin:config_layer", args=layer)).content.decode()) == there


class TestRevoking:
    @pytest.fixture
    def used(self, deploy, set_secret):
        """v1 runs, v2 is stored."""
        set_secret(URL="old")
        deploy(blocks=BLOCKS)
        return set_secret(URL="new")

    def test_what_it_comes_to_is_shown_first(self, revoke, used, owner):
        text = revoke(owner, query="?version=1").content.decode()
        assert "database v1 would be revoked." in text
        assert "dougong secret revoke demo/hello database --version 1 -e production" in text
        assert Release.objects.count() == 1
        assert not SecretVersion.objects.exclude(revoked_at=None).exists()

    def test_without_the_name_nothing_is_revoked(self, revoke, used, owner):
        text = revoke(owner, query="?version=1", name="databse", release="on").content.decode()
        assert "This is not the name that is asked for." in text
        assert not SecretVersion.objects.exclude(revoked_at=None).exists()

    def test_its_successor_is_released(self, revoke, used, owner):
        answer = revoke(owner, query="?version=1", name="database", release="on", reason="leaked")
        assert "Revoked: database v1." in answer.content.decode()
        assert [each.version for each in stored() if each.revoked_at] == [1]
        assert Release.objects.order_by("number").last().secrets == {"database": 2}
        assert AuditEvent.objects.get(action="secret.revoked").reason == "leaked"

    def test_in_use_without_a_successor_only_by_force(self, revoke, deploy, set_secret, owner):
        set_secret(URL="only")
        deploy(blocks=BLOCKS)
        page = revoke(owner)
        assert "secret_in_use" in page.content.decode()
        assert "secret_in_use" in revoke(owner, name="database").content.decode()
        assert [each.revoked_at for each in stored()] == [None]
        revoke(owner, name="database", force="on")
        assert [each.revoked_at is None for each in stored()] == [False]

    def test_what_was_stored_meanwhile_is_seen_first(self, revoke, used, owner):
        assert "version_changed" in revoke(owner, name="database", version="1").content.decode()
        assert not SecretVersion.objects.exclude(revoked_at=None).exists()

    @pytest.mark.parametrize("query", ["?version=x", "?version=9"])
    def test_there_is_nothing_of_a_version_that_is_not_there(self, revoke, used, owner, query):
        answer = revoke(owner, query=query)
        assert answer.status_code == 404 or "secret_not_found" in answer.content.decode()
