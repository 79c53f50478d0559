"""Credentials for registries that a team's pods pull images with: stored in versions, never read back.

set_pull_secret → the row, its event, a mark on every placement of the team → renew_grounds, by beat
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from apps.models import PullSecretVersion
from apps.pulls import checked_registry
from apps.selectors.pull_secrets import PullSecret, pull_secrets_of
from apps.services.grounds import hold_policies
from apps.services.rows import insert, person
from apps.services.tenants import mark
from apps.terms import givable
from paas.core import audit
from paas.core.errors import Conflict, Invalid, NotFound
from paas.core.permissions import Actor, require
from paas.identity.models import Team

MOST_REGISTRIES = 50
LONGEST_USERNAME, LONGEST_PASSWORD = 253, 16 * 1024

Check = Callable[[PullSecret | None], None]
"""Of a credential, None before its first version."""


def set_pull_secret(
    *,
    team: Team,
    registry: str,
    username: str,
    password: str,
    actor: Actor,
    check: Check = lambda found: None,
) -> PullSecretVersion:
    """Store a credential, or its next version; pods of all the team's environments pull with it within half a minute.

    Args:
        registry: its host, with the port where it has one.
        password: at most 16 KiB; a token for reading does best.
        check: asked with the credential as it is, under the lock; what it raises ends it.

    Raises:
        Invalid: `pull_secret_invalid`.
    """
    require(actor, "own", team)
    _refuse_faults(registry, username, password)
    with transaction.atomic():
        # Who stores and who revokes come one after the other, and before or after whoever renders a ground.
        hold_policies()
        known = pull_secrets_of(team)
        found = next((each for each in known if each.name == registry), None)
        check(found)
        if found is None and len(known) >= MOST_REGISTRIES:
            raise Invalid("pull_secret_invalid", f"A team has credentials of at most {MOST_REGISTRIES} registries.")
        for each in found.versions if found else ():
            _forget(each)
        row = PullSecretVersion(
            team=team, registry=registry, version=len(found.versions) + 1 if found else 1, username=username,
            password=password, created_by=person(actor),
        )  # fmt: skip
        insert(
            row, taken=Conflict("pull_secret_just_stored", f"'{registry}' was stored meanwhile.", remedy="Repeat it.")
        )
        after = {"registry": registry, "version": row.version, "username": username, "grounds": mark(team, None)}
        audit.record(actor=actor, action="pull_secret.stored", target=team, after=after)
    return row


def revoke_pull_secret(
    *,
    team: Team,
    registry: str,
    confirm: str,
    actor: Actor,
    reason: str = "",
    check: Check = lambda found: None,
) -> int:
    """Forget a credential, and take it from all the team's namespaces; the number of its version. What runs goes on; a
    pod that needs the registry does not start any more.

    Args:
        confirm: the registry, typed out.

    Raises:
        Invalid: `not_confirmed`.
        NotFound: `pull_secret_not_found`.
    """
    require(actor, "own", team)
    if confirm != registry:
        raise Invalid(
            "not_confirmed",
            f"'{confirm}' is not the name '{registry}'." if confirm else f"To confirm, '{registry}' is needed.",
            rule="What cannot be undone is confirmed by typing the name.",
        )
    with transaction.atomic():
        hold_policies()
        found = next(iter(pull_secrets_of(team, registry)), None)
        check(found)
        current = found.current if found else None
        if current is None:
            raise NotFound("pull_secret_not_found", f"Team '{team}' has no credential for '{registry}'.")
        _forget(current)
        after = {"registry": registry, "version": current.version, "grounds": mark(team, None)}
        audit.record(actor=actor, action="pull_secret.revoked", target=team, after=after, reason=reason)
    return current.version


def _forget(version: PullSecretVersion) -> None:
    if version.revoked_at is None:
        version.revoked_at, version.password = timezone.now(), ""
        version.save(update_fields=["revoked_at", "password"])


def _refuse_faults(registry: str, username: str, password: str) -> None:
    faults = []
    try:
        checked_registry(registry)
    except ValueError as error:
        faults.append(("registry", str(error)))
    if not username.strip() or len(username) > LONGEST_USERNAME or not username.isprintable():
        faults.append(("username", "a name of at most 253 characters is needed"))
    if not password or not givable(password) or len(password.encode()) > LONGEST_PASSWORD:
        faults.append(("password", f"a text of at most {LONGEST_PASSWORD // 1024} KiB is needed"))
    if faults:
        errors = [{"path": path, "code": "invalid", "message": message} for path, message in faults]
        text = "; ".join(f"{path}: {message}" for path, message in faults)
        raise Invalid("pull_secret_invalid", f"The credential cannot be so: {text}.", details={"errors": errors})
