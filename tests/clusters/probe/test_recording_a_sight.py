"""What becomes of a sight: facts, conditions, identity, breaker, versions of the credential."""

import pytest

from clusters import registry
from clusters.faults import ApiRefused, Unreachable
from clusters.models import Cluster
from clusters.probe import Facts, Sight, record
from clusters.sessions import access_for
from paas.core.conditions import get_condition


def facts(identity="uid-1", **given):
    return Facts(version="v1.34.4", latency_ms=1.5, identity=identity, fence=True, **given)


def said(cluster, type):  # noqa: A002
    cluster.refresh_from_db()
    condition = get_condition(cluster.conditions, type)
    return condition and (condition["status"], condition["reason"])


def see(cluster, seen):
    access = access_for(cluster)
    return record(Sight(access, facts=seen) if isinstance(seen, Facts) else Sight(access, fault=seen))


UNAUTHORIZED = ApiRefused(401, "Unauthorized", "no")


def test_the_first_sight_confirms_everything(register):
    cluster = register()
    see(cluster, facts())
    assert said(cluster, "Reachable") == ("True", "Answered")
    assert said(cluster, "CredentialsAccepted") == ("True", "Accepted")
    assert said(cluster, "IdentityConfirmed") == ("True", "SameCluster")
    assert said(cluster, "VersionSupported") == ("True", "Proven")
    assert said(cluster, "FenceMissing") == ("False", "InForce")
    assert (cluster.identity, cluster.facts["version"], cluster.version) == ("uid-1", "v1.34.4", 1)
    assert cluster.facts["observed_at"]
    assert cluster.target.pod_security == "v1.34"


def test_another_cluster_behind_the_address_stops_delivery_and_keeps_the_facts(register):
    cluster = register(identity="uid-1")
    see(cluster, facts(storage={"default": "slow"}))
    see(cluster, facts("uid-2", storage={"default": "theirs"}))
    assert said(cluster, "IdentityConfirmed") == ("False", "AnotherCluster")
    assert (cluster.identity, cluster.facts["storage"]) == ("uid-1", {"default": "slow"})


def test_the_same_cluster_under_two_names_is_delivered_to_by_one(register):
    east, west = register(), register("west", server="https://198.18.0.10:6443")
    see(east, facts())
    see(west, facts())
    assert said(east, "IdentityConfirmed") == ("True", "SameCluster")
    assert said(west, "IdentityConfirmed") == ("False", "RegisteredTwice")
    assert west.identity is None


def test_a_refused_credential_is_told_once_and_opens_no_breaker(register):
    cluster = register()
    assert [see(cluster, UNAUTHORIZED).locked_out for _ in range(4)] == [True, False, False, False]
    assert said(cluster, "Reachable") == ("True", "Answered")
    assert said(cluster, "CredentialsAccepted") == ("False", "Unauthorized")
    assert (cluster.failures, cluster.breaker_until) == (0, None)


def test_silence_leaves_the_identity_as_known_and_opens_the_breaker(register):
    cluster = register()
    see(cluster, facts())
    for _ in range(3):
        see(cluster, Unreachable("refused"))
    assert said(cluster, "Reachable") == ("False", "NoConnection")
    assert said(cluster, "CredentialsAccepted") == ("Unknown", "NotReachable")
    assert said(cluster, "IdentityConfirmed") == ("True", "SameCluster")
    assert cluster.breaker_until is not None
    assert see(cluster, facts()).recovered is True
    assert (said(cluster, "Reachable"), cluster.breaker_until) == (("True", "Answered"), None)


@pytest.mark.parametrize(("status", "failures"), [(503, 1), (500, 1), (429, 0)])
def test_a_failing_server_counts_and_a_busy_one_does_not(register, status, failures):
    cluster = register()
    see(cluster, ApiRefused(status, "", "later"))
    cluster.refresh_from_db()
    assert cluster.failures == failures


def test_a_sight_through_a_replaced_credential_is_dropped(register, operator):
    cluster = register()
    old = access_for(cluster)
    registry.replace_credential(cluster=cluster, actor=operator, token="another")
    assert record(Sight(old, fault=UNAUTHORIZED)) is None
    assert said(cluster, "CredentialsAccepted") is None


def test_old_credentials_go_when_the_new_one_is_accepted(register, operator):
    cluster = register()
    registry.replace_credential(cluster=cluster, actor=operator, token="another")
    see(cluster, UNAUTHORIZED)
    assert cluster.credentials.count() == 2
    see(cluster, facts())
    assert [each.token for each in cluster.credentials.all()] == ["another"]


def test_a_cluster_that_was_unregistered_meanwhile_is_forgotten(register):
    cluster = register()
    access = access_for(cluster)
    cluster.delete()
    assert record(Sight(access, facts=facts())) is None


def test_a_probe_is_no_edit(register):
    cluster = register()
    see(cluster, facts())
    assert Cluster.objects.get().version == 1


def test_a_transition_keeps_its_time_while_nothing_changes(register):
    cluster = register()
    see(cluster, facts())
    cluster.refresh_from_db()
    first = get_condition(cluster.conditions, "Reachable")["lastTransitionTime"]
    see(cluster, facts())
    cluster.refresh_from_db()
    assert get_condition(cluster.conditions, "Reachable")["lastTransitionTime"] == first
