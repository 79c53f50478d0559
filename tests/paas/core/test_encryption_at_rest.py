"""Encrypted fields are unreadable in the database, and keys are rotated without losing a value."""

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection, models
from pydantic import SecretStr

from paas.core import encryption
from paas.core.encryption import DecryptionError, EncryptedTextField, decrypt, encrypt, keyed_digest, rotate


class Safe(models.Model):
    content = EncryptedTextField(null=True)

    class Meta:
        app_label = "nowhere"


@pytest.fixture
def table(db):
    with connection.schema_editor() as editor:
        editor.create_model(Safe)
    return Safe.objects


@pytest.fixture
def keys(settings):
    made = {name: f"{name}:{Fernet.generate_key().decode()}" for name in ("old", "new")}

    def use(*names):
        entries = tuple(SecretStr(made[name]) for name in names)
        settings.DOUGONG = settings.DOUGONG.model_copy(update={"encryption_keys": entries})

    use("old")
    return use


def stored():
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT content FROM {Safe._meta.db_table} ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_a_value_is_plain_in_python_and_not_in_the_database(table, keys):
    table.create(content="open sesame")
    assert table.get().content == "open sesame"
    [raw] = stored()
    assert raw.startswith("old:")
    assert "sesame" not in raw


def test_nothing_stays_nothing(table, keys):
    table.create(content=None)
    assert stored() == [None]
    assert table.filter(content__isnull=True).count() == 1


def test_an_encrypted_field_cannot_be_searched(table, keys):
    with pytest.raises(TypeError, match="encrypted"):
        table.filter(content="open sesame").exists()


def test_rotation_writes_every_value_under_the_first_key(table, keys):
    texts = [f"secret {number}" for number in range(5)]
    for text in [*texts, None]:
        table.create(content=text)
    keys("new", "old")
    assert [row.content for row in table.order_by("id")] == [*texts, None]
    assert rotate(Safe, Safe._meta.get_field("content")) == 5
    assert all(raw is None or raw.startswith("new:") for raw in stored())
    keys("new")
    assert [row.content for row in table.order_by("id")] == [*texts, None]
    assert rotate(Safe, Safe._meta.get_field("content")) == 0


def test_rotation_goes_through_more_than_one_batch(table, keys, monkeypatch):
    monkeypatch.setattr(encryption, "BATCH", 2)
    table.bulk_create([Safe(content=str(number)) for number in range(5)])
    keys("new", "old")
    assert rotate(Safe, Safe._meta.get_field("content")) == 5


def test_a_value_of_a_lost_key_says_which(keys):
    token = encrypt("open sesame")
    keys("new")
    with pytest.raises(DecryptionError, match="'old'"):
        decrypt(token)


def test_a_value_that_was_tampered_with_is_refused(keys):
    with pytest.raises(DecryptionError, match="does not decrypt"):
        decrypt(encrypt("open sesame")[:-4] + "AAA=")


def test_a_digest_tells_sameness_and_depends_on_the_key(settings):
    first = keyed_digest(b"value")
    assert first == keyed_digest(b"value") != keyed_digest(b"other")
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"digest_key": SecretStr("another")})
    assert keyed_digest(b"value") != first


def test_the_command_runs_over_all_models(db, capsys):
    call_command("rotate_keys")
