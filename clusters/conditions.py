"""What is said of a cluster: the names of its conditions and how each follows from what the probe saw. Pure.

What a type says, and when:

    Reachable            the API server answers, under the CA that was registered
    CredentialsAccepted  it takes the writer's credential
    IdentityConfirmed    it is the cluster that was registered, and registered once; False stops delivery
    VersionSupported     True/Proven on what the tests run on, True/Unproven elsewhere, False below the oldest
    FenceMissing         True where the admission policy that confines the writer is not in force
    CredentialsExpiring  True where the writer's credential ends soon and nothing will renew it in time
    CertificateExpiring  True where the API server's own certificate ends soon
    KindsUnknown         True where a part of discovery is broken (an APIService without a server)
    Leaving              True while what is ours is being removed before the cluster goes
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from clusters.faults import AddressNotAllowed, ApiRefused, ClusterFault
from paas.core.conditions import Condition

REACHABLE = "Reachable"
CREDENTIALS_ACCEPTED = "CredentialsAccepted"
IDENTITY_CONFIRMED = "IdentityConfirmed"
VERSION_SUPPORTED = "VersionSupported"
FENCE_MISSING = "FenceMissing"
CREDENTIALS_EXPIRING = "CredentialsExpiring"
CERTIFICATE_EXPIRING = "CertificateExpiring"
KINDS_UNKNOWN = "KindsUnknown"
LEAVING = "Leaving"

# What is good news when True, of clusters, Works and environments; any other type says that something is wrong, or not
# yet as it will be.
GOOD_WHEN_TRUE = frozenset({REACHABLE, CREDENTIALS_ACCEPTED, IDENTITY_CONFIRMED, VERSION_SUPPORTED, "Ready"})
# Nothing is delivered while one of these is False.
NEEDED = (CREDENTIALS_ACCEPTED, IDENTITY_CONFIRMED, VERSION_SUPPORTED)

# The same for who uses a cluster and may not see where it is or as whom we come.
_IN_THE_WAY = {
    REACHABLE: "Its API server does not answer. What runs there goes on; what is declared comes once it answers.",
    CREDENTIALS_ACCEPTED: "It does not accept our credential, so nothing is delivered until an operator renews it.",
    IDENTITY_CONFIRMED: "Not the cluster that was registered: nothing is delivered until an operator clears that up.",
    VERSION_SUPPORTED: "Its version of Kubernetes is too old, so nothing is delivered until it is upgraded.",
}

PROVEN = ((1, 34),)
OLDEST = (1, 30)  # ValidatingAdmissionPolicy and aggregated discovery are stable from here on
SOON = timedelta(days=14)

_VERSION = re.compile(r"v?([0-9]+)\.([0-9]+)")


def good(condition: Mapping[str, Any]) -> bool:
    """Whether it says that all is well, whichever status means that for its type."""
    return bool(condition["status"] == ("True" if condition["type"] in GOOD_WHEN_TRUE else "False"))


def judged(conditions: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Conditions as the API shows them: each says whether it is `good`."""
    return [{**each, "good": good(each)} for each in conditions]


def in_the_way(conditions: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Why nothing is delivered to a cluster at the moment, for everybody who delivers to it."""
    bad = [each for each in conditions if each["type"] in _IN_THE_WAY and each["status"] == "False"]
    return [{**each, "message": _IN_THE_WAY[each["type"]]} for each in bad]


def reachable() -> Condition:
    """The server answered, if only with a refusal."""
    return Condition(REACHABLE, "True", "Answered")


def unreachable(fault: ClusterFault) -> Condition:
    """Why: `AddressNotAllowed`, `CertificateNotTrusted`, `TimedOut`, `ServerFailing` or `NoConnection`."""
    return Condition(REACHABLE, "False", _reason(fault), str(fault)[:500])


def _reason(fault: ClusterFault) -> str:
    if isinstance(fault, AddressNotAllowed):
        return "AddressNotAllowed"
    if isinstance(fault, ApiRefused):
        return "ServerFailing"
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "CertificateNotTrusted"
        if isinstance(cause, TimeoutError):
            return "TimedOut"
        cause = cause.__cause__ or cause.__context__
    return "NoConnection"


def credentials(refusal: ApiRefused | None) -> Condition:
    """Taken (None), `Unauthorized` or, where the account lacks a right that it needs, `Forbidden`."""
    if refusal is None:
        return Condition(CREDENTIALS_ACCEPTED, "True", "Accepted")
    reason = "Unauthorized" if refusal.unauthorized else "Forbidden"
    return Condition(CREDENTIALS_ACCEPTED, "False", reason, refusal.message[:500])


def not_asked(type: str) -> Condition:  # noqa: A002 - the field's own word
    """Unknown, since the server could not be asked."""
    return Condition(type, "Unknown", "NotReachable")


def version_supported(version: str) -> Condition:
    """From a `gitVersion` such as "v1.34.4"."""
    matched = _VERSION.match(version)
    if matched is None:
        return Condition(VERSION_SUPPORTED, "Unknown", "NotUnderstood", f"Its version is {version[:60]!r}.")
    number = (int(matched[1]), int(matched[2]))
    if number < OLDEST:
        return Condition(VERSION_SUPPORTED, "False", "TooOld", f"{version} is older than {OLDEST[0]}.{OLDEST[1]}.")
    if number in PROVEN:
        return Condition(VERSION_SUPPORTED, "True", "Proven", version)
    proven = ", ".join(f"{major}.{minor}" for major, minor in PROVEN)
    return Condition(VERSION_SUPPORTED, "True", "Unproven", f"{version} should work; the tests run on {proven}.")


def identity(registered: str | None, seen: str, twin: str | None) -> Condition:
    """Compare the uid of kube-system with the registered one.

    Args:
        registered: what the row holds; None before the first sight.
        twin: name of another registered cluster with that identity, or None.
    """
    if twin is not None:
        message = f"This is the cluster that is registered as '{twin}' already."
        return Condition(IDENTITY_CONFIRMED, "False", "RegisteredTwice", message)
    if not seen:
        return Condition(IDENTITY_CONFIRMED, "Unknown", "NotSeen", "No kube-system tells which cluster it is.")
    if registered is not None and registered != seen:
        message = f"Another cluster answers here: its kube-system has the uid {seen}, registered is {registered}."
        return Condition(IDENTITY_CONFIRMED, "False", "AnotherCluster", message)
    return Condition(IDENTITY_CONFIRMED, "True", "SameCluster")


def fence(present: bool | None) -> Condition:
    """Whether the admission policy and its binding are in force; None where they may not be read."""
    if present is None:
        return Condition(FENCE_MISSING, "Unknown", "NotReadable", "The writer may not read the admission policy.")
    if present:
        return Condition(FENCE_MISSING, "False", "InForce")
    message = "The policy dougong-fence and its binding are not there: every object is read before it is written."
    return Condition(FENCE_MISSING, "True", "NotInstalled", message)


def kinds(stale: list[str]) -> Condition:
    """Name the groups that discovery could not ask."""
    if not stale:
        return Condition(KINDS_UNKNOWN, "False", "AllAnswered")
    return Condition(KINDS_UNKNOWN, "True", "GroupNotServed", f"No answer for {', '.join(stale)[:400]}.")


def expiring(
    type: str,  # noqa: A002 - the field's own word
    expires_at: datetime | None,
    now: datetime,
    *,
    life: timedelta | None = None,
) -> Condition:
    """Whether something ends within two weeks, or within the last third of a shorter `life`. None never ends."""
    if expires_at is None:
        return Condition(type, "False", "NoExpiry")
    if expires_at <= now:
        return Condition(type, "True", "Expired", f"Ended {expires_at:%Y-%m-%d %H:%M} UTC.")
    if expires_at - now < (SOON if life is None else min(SOON, life / 3)):
        return Condition(type, "True", "ExpiringSoon", f"Ends {expires_at:%Y-%m-%d %H:%M} UTC.")
    return Condition(type, "False", "FarAway", f"Ends {expires_at:%Y-%m-%d} UTC.")
