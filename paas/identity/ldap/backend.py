"""Django's way to sign in by the directory: django-auth-ldap finds the entry and proves the password by binding as it.

What becomes of the person here is decided by `paas.identity.directory`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import ldap
import structlog
from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.dispatch import receiver
from django.http import HttpRequest
from django_auth_ldap.backend import LDAPBackend, ldap_error

from paas.core import audit
from paas.core.errors import Refusal, Unavailable
from paas.identity import directory
from paas.identity.ldap import server
from paas.identity.ldap.entries import MoreMembers
from paas.identity.models import User

logger = structlog.get_logger(__name__)

# What servers say of an entry that cannot sign in, besides that the password is wrong.
NOT_THIS_ENTRY = (ldap.INAPPROPRIATE_AUTH, ldap.UNWILLING_TO_PERFORM, ldap.CONSTRAINT_VIOLATION)


class DirectoryBackend(BaseBackend):
    """Asked after the local passwords, and never about a name that has a local account."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        """The person, or None where name and password do not fit.

        An empty password is refused before anything is asked: to a server it is a sign-in as nobody, which succeeds.

        Raises:
            Unavailable: `directory_unreachable`.
            Forbidden: `directory_not_admitted`: the password is right, and the person may not come in all the same.
        """
        if not username or not password or "\0" in password or not directory.possible(username):
            return None
        if directory.is_local(username):
            return None
        try:
            found: User | None = _SignIn().authenticate(request, username, password)
        except Refusal:
            audit.record_failed_sign_in(username, how="directory")
            raise
        if found is not None:
            # The connection goes with it, rather than at some later time.
            vars(found).pop("ldap_user")
        return found

    def get_user(self, user_id: UUID) -> User | None:
        """Who a session is of, while they may come in."""
        return User.objects.filter(pk=user_id, is_active=True).first()


class _SignIn(LDAPBackend):  # type: ignore[misc]  # django-auth-ldap carries no types
    """Configured by our settings instead of Django's. It writes nothing itself."""

    @property
    def default_settings(self) -> dict[str, Any]:
        """In the library's words."""
        return {
            "SERVER_URI": server.uri(),
            "START_TLS": server.starts_tls(),
            "CONNECTION_OPTIONS": server.options(),
            "BIND_DN": settings.DOUGONG.ldap_bind_dn,
            "BIND_PASSWORD": settings.DOUGONG.ldap_bind_password.get_secret_value(),
            "USER_SEARCH": _ByName(),
            "ALWAYS_UPDATE_USER": False,
        }

    def get_or_build_user(self, username: str, ldap_user: Any) -> tuple[User, bool]:
        """Called once the password is proven."""
        try:
            person, missing = server.describe(ldap_user.connection, ldap_user.dn, ldap_user.attrs)
        except MoreMembers as cut:
            logger.warning("directory_unreadable", error=str(cut))
            raise _unreachable() from cut
        return directory.admit(person, complete=not missing), False


class _ByName:
    """A search in the shape that the library asks for; its own takes a search that failed for one without a result."""

    def execute(self, connection: Any, arguments: dict[str, str]) -> list[tuple[str, Any]]:
        """The entries of that name."""
        return server.find(connection, arguments["user"])


@receiver(ldap_error, sender=_SignIn)
def _failed(exception: ldap.LDAPError, **_: Any) -> None:
    if isinstance(exception, NOT_THIS_ENTRY):
        return
    logger.warning("directory_unreachable", error=repr(exception)[:300])
    raise _unreachable() from exception


def _unreachable() -> Unavailable:
    return Unavailable(
        "directory_unreachable",
        "The directory does not answer, so nobody can be signed in by it now.",
        rule="Who is signed in stays signed in; local accounts sign in as ever.",
        remedy="Try again in a few minutes; if it stays, tell an operator of the platform.",
    )
