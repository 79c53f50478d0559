"""What follows from a version, an identity, an end, a fault."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest

from clusters import conditions
from clusters.faults import AddressNotAllowed, ApiRefused, Unreachable

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("version", "status", "reason"),
    [
        ("v1.34.4", "True", "Proven"),
        ("v1.34.0-rc.1+k3s1", "True", "Proven"),
        ("v1.37.0", "True", "Unproven"),
        ("v1.30.9-eks-1", "True", "Unproven"),
        ("v1.29.3", "False", "TooOld"),
        ("nonsense", "Unknown", "NotUnderstood"),
    ],
)
def test_a_version_is_proven_unproven_or_too_old(version, status, reason):
    told = conditions.version_supported(version)
    assert (told.status, told.reason) == (status, reason)


@pytest.mark.parametrize(
    ("registered", "seen", "twin", "status", "reason"),
    [
        (None, "a", None, "True", "SameCluster"),
        ("a", "a", None, "True", "SameCluster"),
        ("a", "b", None, "False", "AnotherCluster"),
        (None, "a", "west", "False", "RegisteredTwice"),
        ("a", "", None, "Unknown", "NotSeen"),
        (None, "", None, "Unknown", "NotSeen"),
    ],
)
def test_an_identity_is_confirmed_only_where_it_is_the_same(registered, seen, twin, status, reason):
    told = conditions.identity(registered, seen, twin)
    assert (told.status, told.reason) == (status, reason)


@pytest.mark.parametrize(
    ("days", "life", "status", "reason"),
    [
        (None, None, "False", "NoExpiry"),
        (-1, 30, "True", "Expired"),
        (13, None, "True", "ExpiringSoon"),
        (15, None, "False", "FarAway"),
        (13, 90, "True", "ExpiringSoon"),
        (13, 30, "False", "FarAway"),
        (9, 30, "True", "ExpiringSoon"),
        (0.7, 1, "False", "FarAway"),
        (0.3, 1, "True", "ExpiringSoon"),
    ],
)
def test_an_end_is_told_in_time(days, life, status, reason):
    ends = None if days is None else NOW + timedelta(days=days)
    told = conditions.expiring("CredentialsExpiring", ends, NOW, life=None if life is None else timedelta(days=life))
    assert (told.status, told.reason) == (status, reason)


def caused(cause):
    fault = Unreachable(str(cause))
    fault.__cause__ = cause
    return fault


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (AddressNotAllowed("10.0.0.1"), "AddressNotAllowed"),
        (ApiRefused(503, "", "etcd"), "ServerFailing"),
        (caused(ssl.SSLCertVerificationError("unknown CA")), "CertificateNotTrusted"),
        (caused(TimeoutError()), "TimedOut"),
        (caused(ConnectionRefusedError()), "NoConnection"),
    ],
)
def test_silence_has_a_reason(fault, reason):
    told = conditions.unreachable(fault)
    assert (told.status, told.reason) == ("False", reason)


def test_a_refused_credential_is_not_one_that_lacks_a_right():
    assert conditions.credentials(ApiRefused(401, "Unauthorized", "")).reason == "Unauthorized"
    assert conditions.credentials(ApiRefused(403, "Forbidden", "")).reason == "Forbidden"


@pytest.mark.parametrize(
    ("kind", "status", "well"),
    [
        ("Reachable", "True", True),
        ("Reachable", "False", False),
        ("Reachable", "Unknown", False),
        ("Ready", "True", True),
        ("FenceMissing", "False", True),
        ("FenceMissing", "True", False),
        ("FenceMissing", "Unknown", False),
        ("ApplyFailed", "True", False),
    ],
)
def test_which_status_means_well(kind, status, well):
    [said] = conditions.judged([{"type": kind, "status": status, "reason": "Because"}])
    assert said == {"type": kind, "status": status, "reason": "Because", "good": well}
