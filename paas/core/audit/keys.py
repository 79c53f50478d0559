"""The keys that sign and seal the audit trail: read as those of encrypted fields are, and none of them."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from paas.core.key_encryption import opened


def keys() -> Mapping[str, bytes]:
    """Key id → key: the first signs and seals, all verify."""
    found = opened(settings.DOUGONG.audit_keys)
    if not found:
        raise ImproperlyConfigured("DOUGONG_AUDIT_KEYS is not set")
    return found
