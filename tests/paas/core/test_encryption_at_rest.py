"""Encrypted fields are unreadable in the database and bound to their row; keys are rotated without losing a value."""

import base64
import uuid

import boto3
import pytest
from django.core.management import call_command
from django.db import connection, models, transaction
from moto import mock_aws
from pydantic import SecretStr

from paas.core import rotation
from paas.core.encryption import EncryptedTextField, keyed_digest
from paas.core.envelope import DecryptionError, Place, seal, unseal
from paas.core.key_encryption import AwsKms, opened
from paas.core.rotation import rotate

HERE = Place("table", "row", "column")


class Safe(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    content = EncryptedTextField(null=True)
    other = EncryptedTextField(null=True)

    class Meta:
        app_label = "nowhere"


CONTENT = Safe._meta.get_field("content")


@pytest.fixture
def table(db):
    with connection.schema_editor() as editor:
        editor.create_model(Safe)
    return Safe.objects


@pytest.fixture
def keys(settings):
    made = {name: f"{name}:{base64.urlsafe_b64encode(uuid.uuid4().bytes * 2).decode()}" for name in ("old", "new")}

    def use(*names):
        entries = tuple(SecretStr(made.get(name, name)) for name in names)
        settings.DOUGONG = settings.DOUGONG.model_copy(update={"encryption_keys": entries})

    use("old")
    return use


def stored(column="content"):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {Safe._meta.db_table} ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_a_value_is_plain_in_python_and_not_in_the_database(table, keys):
    table.create(content="open sesame")
    assert table.get().content == "open sesame"
    [raw] = stored()
    assert raw.startswith("old:")
    assert "sesame" not in raw
    assert all(b"sesame" not in base64.urlsafe_b64decode(part) for part in raw.removeprefix("old:").split("."))


def test_nothing_stays_nothing(table, keys):
    table.create(content=None)
    assert stored() == [None]
    assert table.filter(content__isnull=True).count() == 1


def test_an_encrypted_field_cannot_be_searched(table, keys):
    with pytest.raises(TypeError, match="encrypted"):
        table.filter(content="open sesame").exists()


def test_one_text_is_never_stored_alike(table, keys):
    table.bulk_create([Safe(content="open sesame"), Safe(content="open sesame")])
    first, second = stored()
    assert first.split(".")[0] != second.split(".")[0]
    assert first.split(".")[1] != second.split(".")[1]


@pytest.mark.parametrize("column", ["content", "other"])
def test_a_value_that_was_moved_does_not_open(table, keys, column):
    """To another row, and to another column of its own row."""
    mine = table.create(content="mine")
    theirs = table.create(content="theirs") if column == "content" else mine
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Safe._meta.db_table} SET {column} = (SELECT content FROM {Safe._meta.db_table} WHERE id = %s)"
            " WHERE id = %s",
            [mine.pk, theirs.pk],
        )
    with pytest.raises(DecryptionError, match="does not open"):
        getattr(table.get(pk=theirs.pk), column)
    assert table.get(pk=mine.pk).content == "mine"


def test_a_text_is_written_with_its_row_only(table, keys):
    """`update` knows no row, and would have put the text there as it is."""
    row = table.create(content="open sesame")
    with pytest.raises(TypeError, match="with its row only"), transaction.atomic():
        table.update(content="barley")
    assert table.get(pk=row.pk).content == "open sesame"


def test_what_was_not_read_is_written_back_as_it_was(table, keys):
    table.create(content="open sesame")
    before = stored()
    table.get().save()
    assert stored() == before
    row = table.get()
    row.content = "barley"
    row.save()
    assert table.get().content == "barley"


def test_a_deferred_value_is_opened_when_it_is_asked_for(table, keys):
    table.create(content="open sesame")
    assert table.defer("content").get().content == "open sesame"


def test_a_model_whose_key_the_database_makes_is_refused():
    class Late(models.Model):
        id = models.BigAutoField(primary_key=True)
        content = EncryptedTextField()

        class Meta:
            app_label = "nowhere"

    [found] = Late._meta.get_field("content").check()
    assert "primary key" in found.msg


def test_rotation_writes_every_value_under_the_first_key(table, keys):
    texts = {uuid.uuid4(): f"secret {number}" for number in range(5)} | {uuid.uuid4(): None}
    for pk, text in texts.items():
        table.create(pk=pk, content=text)
    keys("new", "old")
    assert {row.pk: row.content for row in table.all()} == texts
    before = stored()
    assert rotate(Safe, CONTENT) == 5
    assert all(raw is None or raw.startswith("new:") for raw in stored())
    assert not {raw.split(".")[1] for raw in before if raw} & {raw.split(".")[1] for raw in stored() if raw}
    keys("new")
    assert {row.pk: row.content for row in table.all()} == texts
    assert rotate(Safe, CONTENT) == 0


def test_rotation_goes_through_more_than_one_batch(table, keys, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 2)
    table.bulk_create([Safe(content=str(number)) for number in range(5)])
    keys("new", "old")
    assert rotate(Safe, CONTENT) == 5


def test_a_dump_and_the_key_that_was_retired_open_nothing(table, keys):
    row = table.create(content="open sesame")
    keys("new", "old")
    rotate(Safe, CONTENT)
    [dumped] = stored()
    keys("old")
    with pytest.raises(DecryptionError, match="'new'"):
        table.get().content  # noqa: B018 - reading it is what is tried
    renamed = dumped.replace("new:", "old:", 1)
    place = Place(Safe._meta.db_table, str(row.pk), "content")
    with pytest.raises(DecryptionError, match="does not open"):
        unseal(renamed, place, {"old": b"\0" * 32})


@pytest.mark.parametrize("where", ["key", "text", "end"])
def test_a_value_that_was_tampered_with_is_refused(where):
    keys = {"k": b"\1" * 32}
    sealed = seal("open sesame", HERE, keys)
    position = {"key": 20, "text": sealed.index(".") + 20, "end": len(sealed) - 4}[where]
    changed = sealed[:position] + ("A" if sealed[position] != "A" else "B") + sealed[position + 1 :]
    with pytest.raises(DecryptionError, match="does not open"):
        unseal(changed, HERE, keys)


@pytest.mark.parametrize("wrong", ["", "k:", "k:a", "k:a.b.c", "k:!.!", "k:AAAA.AAAA"])
def test_what_is_no_sealed_value_is_refused(wrong):
    with pytest.raises(DecryptionError):
        unseal(wrong, HERE, {"k": b"\1" * 32})


def test_the_command_makes_keys_that_settings_take(table, keys, capsys):
    call_command("new_encryption_key", "k2")
    keys(capsys.readouterr().out.strip())
    table.create(content="open sesame")
    assert table.get().content == "open sesame"
    assert stored()[0].startswith("k2:")


@pytest.fixture
def kms(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        yield boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    opened.cache_clear()


def test_a_key_wrapped_by_kms_seals_and_opens(table, keys, kms, capsys):
    call_command("new_encryption_key", "k3", wrapped_by="aws-kms", under=kms)
    keys(entry := capsys.readouterr().out.strip())
    assert entry.startswith("k3:aws-kms:")
    table.create(content="open sesame")
    opened.cache_clear()  # another process
    assert table.get().content == "open sesame"


def test_kms_opens_nothing_that_was_wrapped_for_another_purpose(kms):
    wrapped = boto3.client("kms").encrypt(KeyId=kms, Plaintext=b"\1" * 32)["CiphertextBlob"]
    with pytest.raises(Exception, match="InvalidCiphertext"):
        AwsKms().unwrap(wrapped)


def test_a_digest_tells_sameness_and_depends_on_the_key(settings):
    first = keyed_digest(b"value")
    assert first == keyed_digest(b"value") != keyed_digest(b"other")
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"digest_key": SecretStr("another")})
    assert keyed_digest(b"value") != first
