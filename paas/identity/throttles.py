"""How often an address may try to sign in, and a person a code: counted by all processes together."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from rest_framework.throttling import ScopedRateThrottle, SimpleRateThrottle, UserRateThrottle

from paas.core.rows import held


class OneAfterAnother(SimpleRateThrottle):
    """Attempts of one key, made at once, are counted one after another: read and written apart, some would count for
    none.
    """

    def allow_request(self, request: Any, view: Any) -> bool:
        """Whether there may be one more, which is counted."""
        with transaction.atomic():
            return super().allow_request(request, view)

    def get_cache_key(self, request: Any, view: Any) -> Any:
        """The key, which is this attempt's alone until it is counted; None of what is not."""
        key = super().get_cache_key(request, view)
        if key is not None:
            held("attempts", key)
        return key


class AddressThrottle(OneAfterAnother, ScopedRateThrottle):
    """By address, of a view's `throttle_scope`."""


class CodeThrottle(OneAfterAnother, UserRateThrottle):
    """So many codes a person may try, who is signed in."""

    scope = "code"
