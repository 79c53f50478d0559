"""What is kept for a while only."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from apps.models import IdempotencyKey

KEPT = timedelta(days=1)


def forget_answers() -> int:
    """Delete answers under idempotency keys that are older than a day; how many."""
    return int(IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0])
