"""What services may say: content makes a generation, a Work waits for others without a circle, removal is final."""

import uuid

import pytest
from django.db import transaction

from clusters.manifests import ObjectId
from clusters.models import Cluster, Lane, OwnedObject, Work
from clusters.reconcile.choose import choose
from clusters.work import Owner, hand_over, retire_work, submit_work
from paas.core.errors import Conflict, Invalid, NotFound


def test_unchanged_content_is_no_new_generation(submit, config):
    first = submit("application", [config("a", key="1")])
    Work.objects.update(next_check_at=None, lane=Lane.SWEEP)
    again = submit("application", [config("a", key="1")])
    assert (again.pk, again.generation) == (first.pk, 1)
    work = Work.objects.get()
    assert (work.next_check_at, work.lane) == (None, Lane.SWEEP)


def test_the_order_of_manifests_is_no_content(submit, config):
    submit("application", [config("a"), config("b")])
    assert submit("application", [config("b"), config("a")]).generation == 1


@pytest.mark.parametrize("change", [{"release": "r2"}, {"manifests": "other"}])
def test_changed_content_is(submit, config, change):
    submit("application", [config("a", key="1")], release="r1")
    given = {"manifests": [config("a", key="1")], "release": "r1", **change}
    given["manifests"] = [config("a", key="2")] if given["manifests"] == "other" else given["manifests"]
    assert submit("application", **given).generation == 2


def test_other_waits_are(submit, config):
    base = submit("ground")
    submit("application", [config("a")])
    assert submit("application", [config("a")], waits_for=[base]).generation == 2
    assert submit("application", [config("a")], waits_for=[base]).generation == 2


def test_an_edit_is_due_now_in_the_first_lane_and_forgets_the_back_off(submit, config, chosen):
    work = submit("application", [config("a", key="1")])
    far = "2100-01-01T00:00:00Z"
    Work.objects.update(lane=Lane.SWEEP, next_check_at=far, not_before=far, attempts=7)
    submit("application", [config("a", key="2")])
    work.refresh_from_db()
    assert (work.lane, work.not_before, work.attempts) == (Lane.EDIT, None, 0)
    assert chosen() == [str(work)]


def test_a_circle_of_waiting_is_refused(submit):
    a = submit("a")
    b = submit("b", waits_for=[a])
    c = submit("c", waits_for=[b])
    for ahead in (a, b, c):
        with pytest.raises(Conflict) as refusal:
            submit("a", waits_for=[ahead])
        assert refusal.value.code == "wait_cycle"
    assert Work.objects.get(pk=a.pk).generation == 1


def test_waiting_across_clusters_is_refused(submit):
    other = Cluster.objects.create(name="west", server="https://west.test", ca_data="", identity="west")
    with pytest.raises(Invalid) as refusal:
        submit("application", waits_for=[submit("ground", cluster=other)])
    assert refusal.value.code == "other_cluster"


def test_too_much_is_refused(submit, config):
    with pytest.raises(Invalid) as refusal:
        submit("application", [config(f"a{number}", key="x" * 900_000) for number in range(4)])
    assert refusal.value.code == "too_large"
    assert not Work.objects.exists()


def test_a_work_that_is_being_removed_takes_no_content(submit, config):
    with transaction.atomic():
        retire_work(work=submit("application", [config("a")]))
    with pytest.raises(Conflict) as refusal:
        submit("application", [config("b")])
    assert refusal.value.code == "work_retired"


def test_retiring_twice_is_retiring_once_and_names_add_up(submit):
    work = submit("ground")
    one, two = (ObjectId("", "Namespace", "", name) for name in ("one", "two"))
    for named in ([], [one], [one], [two]):
        with transaction.atomic():
            retire_work(work=work, protected=named)
    work.refresh_from_db()
    assert (work.generation, work.retirement) == (4, [str(one), str(two)])


def test_what_the_loop_has_just_removed_may_be_retired_again(submit):
    work = submit("ground")
    Work.objects.filter(pk=work.pk).delete()
    with transaction.atomic():
        retire_work(work=work)
    assert not Work.objects.exists()


def test_two_works_of_one_owner_are_told_apart_by_name_and_cluster(submit):
    other = Cluster.objects.create(name="west", server="https://west.test", ca_data="", identity="west")
    assert len({submit("a").pk, submit("b").pk, submit("a", cluster=other).pk, submit("a").pk}) == 3


def test_only_what_is_owned_is_handed_over(submit, config, held):
    source, destination = submit("a", [config("one"), config("two")]), submit("b")
    choose(held, busy=[], limit=10)
    ids = [config(name).id for name in ("one", "two")]
    with pytest.raises(Conflict) as refusal, transaction.atomic():
        hand_over(ids=[*ids, config("three").id], source=source, destination=destination)
    assert refusal.value.code == "not_owned"
    assert set(OwnedObject.objects.values_list("work", flat=True)) == {source.pk}


@pytest.mark.parametrize("gone", ["source", "destination"])
def test_nothing_is_handed_over_where_the_loop_has_just_removed_one_of_the_two(submit, config, held, gone):
    works = {"source": submit("a", [config("one")]), "destination": submit("b")}
    choose(held, busy=[], limit=10)
    OwnedObject.objects.filter(work=works[gone]).delete()
    Work.objects.filter(pk=works[gone].pk).delete()
    with pytest.raises(NotFound) as refusal, transaction.atomic():
        hand_over(ids=[config("one").id], **works)
    assert refusal.value.code == "work_not_found"
    assert not OwnedObject.objects.filter(work=works["destination"]).exists()


def test_nothing_is_written_outside_the_transaction_of_a_change(cluster, owner, transactional_db):
    with pytest.raises(RuntimeError):
        submit_work(owner=owner, name="application", cluster=cluster, manifests=[])


def test_what_a_person_named_is_named_once(submit, config):
    work = submit("application", [config("a")])
    Work.objects.update(retirement=[str(config("b").id)])
    submit("application", [config("a"), config("b")])
    work.refresh_from_db()
    assert work.retirement == []


def test_owners_of_the_same_names_have_works_of_their_own(submit):
    assert submit("a").pk != submit("a", owner=Owner("test", uuid.uuid4(), "shop/production")).pk
