"""The audit trail is numbered and chained, and what its database's owner does to it is told."""

import json
import threading

import boto3
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from pydantic import SecretStr

from paas.core import audit
from paas.core.audit import chain
from paas.core.audit.outside import Head, InBucket, InFile, outside
from paas.core.audit.sealer import Sealer
from paas.core.audit.verify import verify
from paas.core.models import AuditEvent
from paas.identity import services
from tests.sealing import seal_all

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def store(tmp_path):
    return InFile(tmp_path / "heads")


@pytest.fixture
def sealer(store):
    return Sealer(store)


@pytest.fixture
def admin():
    return services.bootstrap_admin(username="admin", password="a long password")


def act(admin, *actions):
    for action in actions:
        with transaction.atomic():
            audit.record(actor=admin, action=action, target=admin, after={"number": 1.5, "names": ["a", "ü"]})


def as_owner(sql, *values):
    """What the owner of the database can do, the trigger notwithstanding."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditevent DISABLE TRIGGER core_auditevent_guard")
        cursor.execute(sql, values)
        cursor.execute("ALTER TABLE core_auditevent ENABLE TRIGGER core_auditevent_guard")


@pytest.fixture
def whole(admin, sealer, store):
    """Six sealed events, in two turns or more."""
    act(admin, "a.one", "a.two")
    seal_all(sealer)
    act(admin, "a.three", "a.four", "a.five")
    seal_all(sealer)
    verdict = verify(store)
    assert (verdict.number, verdict.fault, verdict.heads) == (6, None, len(list(store.heads())))
    return {event.number: event for event in AuditEvent.objects.all()}


def test_events_are_numbered_without_gaps_in_order(whole):
    assert [whole[number].action for number in range(2, 7)] == ["a.one", "a.two", "a.three", "a.four", "a.five"]


def test_an_event_that_was_changed_is_named(whole, store):
    as_owner("UPDATE core_auditevent SET actor_name = 'somebody else' WHERE number = 4")
    verdict = verify(store)
    assert (verdict.number, verdict.fault.number, verdict.fault.event) == (3, 4, whole[4].pk)
    assert "changed" in verdict.fault.what


@pytest.mark.parametrize(
    "column", ["subject", "how", "address", "action", "outcome", "object_id", "reason", "request_id"]
)
def test_a_change_of_any_column_is_found(whole, store, column):
    as_owner(f"UPDATE core_auditevent SET {column} = 'x' WHERE number = 3")
    assert verify(store).fault.number == 3


@pytest.mark.parametrize("column", ["before", "after", "right"])
def test_a_change_of_what_was_changed_is_found(whole, store, column):
    as_owner(f'UPDATE core_auditevent SET "{column}" = \'{{"other": 1}}\' WHERE number = 3')
    assert verify(store).fault.number == 3


def test_a_moment_moved_is_found(whole, store):
    as_owner("UPDATE core_auditevent SET at = at - interval '1 microsecond' WHERE number = 3")
    assert verify(store).fault.number == 3


def test_an_event_that_was_deleted_is_named(whole, store):
    as_owner("DELETE FROM core_auditevent WHERE number = 3")
    assert (verify(store).fault.number, verify(store).fault.event) == (3, None)


def test_events_that_changed_places_are_named(whole, store):
    as_owner("UPDATE core_auditevent SET number = -number WHERE number IN (3, 4)")
    as_owner("UPDATE core_auditevent SET number = 7 + number WHERE number IN (-3, -4)")
    assert verify(store).fault.number == 3


def test_a_deletion_that_is_numbered_over_is_named(whole, store):
    as_owner("DELETE FROM core_auditevent WHERE number = 3")
    for number in (4, 5, 6):
        as_owner("UPDATE core_auditevent SET number = number - 1 WHERE number = %s", number)
    assert verify(store).fault.number == 3


@pytest.mark.parametrize("left", [5, 2, 0])
def test_a_tail_that_was_cut_is_told_by_what_is_kept_outside(whole, store, left):
    as_owner("DELETE FROM core_auditevent WHERE number > %s", left)
    verdict = verify(store)
    assert (verdict.number, verdict.fault.number) == (left, left + 1)
    assert "taken away" in verdict.fault.what


def test_an_event_put_in_by_hand_is_named_once_it_is_sealed(whole, sealer, store):
    as_owner(
        "INSERT INTO core_auditevent (at, subject, actor_name, how, address, action, outcome, object_type, object_id,"
        " object_name, reason, request_id, signature, seal) SELECT at, subject, 'somebody else', how, address, action,"
        " outcome, object_type, object_id, object_name, reason, request_id, signature, '' FROM core_auditevent"
        " WHERE number = 3"
    )
    seal_all(sealer)
    assert verify(store).fault.number == 7


def test_a_chain_written_anew_with_the_keys_is_told_by_what_is_kept_outside(whole, sealer, store, tmp_path):
    as_owner("DELETE FROM core_auditevent WHERE number = 2")
    as_owner("UPDATE core_auditevent SET number = NULL, seal = ''")
    seal_all(Sealer(InFile(tmp_path / "another")))
    verdict = verify(store)
    assert "otherwise" in verdict.fault.what
    assert verify(InFile(tmp_path / "another")).fault is None


def test_a_key_that_is_not_ours_signs_nothing(whole, store, settings):
    settings.DOUGONG = settings.DOUGONG.model_copy(
        update={"audit_keys": (SecretStr("dev:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),)}
    )
    assert verify(store).fault.number == 1


def test_a_new_key_signs_and_the_old_one_still_verifies(whole, admin, sealer, store, settings):
    new = SecretStr("k2:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"audit_keys": (new, *settings.DOUGONG.audit_keys)})
    act(admin, "a.six")
    seal_all(sealer)
    assert (verify(store).number, verify(store).fault) == (7, None)
    assert AuditEvent.objects.get(number=7).seal.startswith("k2:")


def test_a_part_can_be_verified(whole, store):
    first = verify(store, most=4)
    assert (first.number, first.more) == (4, True)
    rest = verify(store, after=first.number)
    assert (rest.number, rest.more, rest.fault) == (6, False, None)


def test_nothing_is_sealed_that_an_older_transaction_may_still_precede(admin, sealer):
    """A transaction that began to write before and commits after: its event comes first, and waits for nobody else."""
    seal_all(sealer)
    began, go = threading.Event(), threading.Event()

    def slow():
        try:
            with transaction.atomic():
                audit.record(actor=None, action="slow.one", target=admin)
                began.set()
                assert go.wait(30)
        finally:
            connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    try:
        assert began.wait(30)
        act(admin, "quick.one")
        assert sealer.turn() == 0
    finally:
        go.set()
        thread.join()
    seal_all(sealer)
    order = AuditEvent.objects.filter(number__gt=1).order_by("number").values_list("action", flat=True)
    assert list(order) == ["slow.one", "quick.one"]


def test_two_sealers_make_one_chain(admin, store, tmp_path):
    act(admin, *(f"a.{number}" for number in range(40)))
    another = Sealer(InFile(tmp_path / "another"))

    def compete():
        try:
            for _ in range(20):
                another.turn()
        finally:
            connections.close_all()

    thread = threading.Thread(target=compete)
    thread.start()
    mine = Sealer(store)
    for number in range(20):
        act(admin, f"b.{number}")
        mine.turn()
    thread.join()
    seal_all(mine)
    assert (verify(store).number, verify(store).fault) == (61, None)


def test_events_restored_on_another_server_are_sealed(admin, sealer, store):
    """Transactions of a restored dump have ids that the new server has yet to hand out."""
    seal_all(sealer)
    act(admin, "a.one")
    as_owner("UPDATE core_auditevent SET transaction = 1000000000000 WHERE number IS NULL")
    assert sealer.turn() == 1
    act(admin, "a.two")
    seal_all(sealer)
    assert verify(store).fault is None


def test_a_head_that_was_not_kept_is_kept_by_the_next_turn(admin, tmp_path):
    folder = tmp_path / "away"
    sealer = Sealer(InFile(folder / "heads"))
    with pytest.raises(OSError, match="away"):
        seal_all(sealer)
    assert AuditEvent.objects.get().number == 1
    folder.mkdir()
    seal_all(sealer)
    assert [head.number for head in InFile(folder / "heads").heads()] == [1]


def test_a_line_that_a_crash_cut_short_hurts_nothing(store, tmp_path):
    store.append(Head(1, "k:a", "now"))
    with (tmp_path / "heads").open("a") as file:
        file.write('{"number": 2, "se')
    assert store.last() == Head(1, "k:a", "now")
    store.append(Head(3, "k:c", "then"))
    assert [head.number for head in store.heads()] == [1, 3]
    assert store.last().number == 3


def test_heads_are_kept_in_a_bucket(whole, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        InBucket._client.cache_clear()
        boto3.client("s3").create_bucket(Bucket="heads")
        store = outside("s3://heads/dougong/audit")
        Sealer(store).turn()
        assert verify(store).heads == 1
        as_owner("DELETE FROM core_auditevent WHERE number = 6")
        assert verify(store).fault.number == 6
        assert store.last().number == 6
    InBucket._client.cache_clear()


@pytest.mark.parametrize("address", ["", "heads", "file://host/path", "s3://", "https://example.org/x"])
def test_an_address_of_no_store_is_refused(address):
    with pytest.raises(ValueError, match="must be"):
        outside(address)


def test_the_command_names_the_first_bad_event(whole, store, settings, tmp_path, capsys):
    settings.DOUGONG = settings.DOUGONG.model_copy(update={"audit_outside": (tmp_path / "heads").as_uri()})
    call_command("verify_audit")
    heads = len(list(store.heads()))
    assert f"6 events are whole, {heads} heads outside agree, 0 not sealed yet" in capsys.readouterr().out
    as_owner("UPDATE core_auditevent SET reason = 'none' WHERE number = 5")
    with pytest.raises(CommandError, match=r"event 5 .*changed"):
        call_command("verify_audit")


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e6, 1e6) | st.text(),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(), each, max_size=3),
))  # fmt: skip
def test_what_is_signed_reads_the_same_after_it_was_stored(value):
    value = json.loads(json.dumps(value).replace("\\u0000", ""))  # which PostgreSQL refuses
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT %s::jsonb::text", [json.dumps(value)])
        except UnicodeError:
            return
        assert chain.canonical({"it": json.loads(cursor.fetchone()[0])}) == chain.canonical({"it": value})
