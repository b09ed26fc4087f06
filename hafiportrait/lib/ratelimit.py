"""Limits of tries, counted in the database.

A limit guards a door, so it must neither fall open when a cache is gone nor be counted once per
process. Only what is limited is counted (a wrong code, a comment), each of which writes anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from hafiportrait.lib.models import TryCount

# A window that begins further ahead than machines' clocks differ is of a clock since set back.
CLOCK_SKEW = timedelta(seconds=60)


@dataclass(frozen=True)
class Limit:
    """At most `most` tries in `seconds`, counted from the first try of a window."""

    name: str
    most: int
    seconds: int

    def key(self, who: str) -> str:
        """Return the row's key: the limit's name and a digest, so no address is stored."""
        return f"{self.name}:{sha256(who.encode()).hexdigest()[:40]}"


def count(limit: Limit, who: str, *, at: datetime | None = None) -> int:
    """Count one try and return how many there are now in its window."""
    now = at or timezone.now()
    key = limit.key(who)
    if not _raise_count(key, limit, now):
        try:
            with transaction.atomic():
                TryCount.objects.create(key=key, count=1, window_started_at=now)
        except IntegrityError:
            _raise_count(key, limit, now)
    return TryCount.objects.values_list("count", flat=True).get(key=key)


def _raise_count(key: str, limit: Limit, now: datetime) -> int:
    over = Q(window_started_at__lte=now - timedelta(seconds=limit.seconds))
    over |= Q(window_started_at__gt=now + CLOCK_SKEW)
    return TryCount.objects.filter(key=key).update(
        count=Case(When(over, then=Value(1)), default=F("count") + 1),
        window_started_at=Case(When(over, then=Value(now)), default=F("window_started_at")),
    )


def seconds_left(limit: Limit, who: str, *, at: datetime | None = None) -> int:
    """Return for how many seconds more the limit is reached (0: it is not)."""
    now = at or timezone.now()
    row = TryCount.objects.filter(key=limit.key(who), count__gte=limit.most).first()
    if row is None or row.window_started_at > now + CLOCK_SKEW:
        return 0
    left = (row.window_started_at + timedelta(seconds=limit.seconds) - now).total_seconds()
    return 0 if left <= 0 else min(ceil(left), limit.seconds)
