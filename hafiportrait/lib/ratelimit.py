"""Limits of tries, counted in the database.

A limit guards a door, so it must neither fall open when a cache is gone nor be counted once per
process. Only what is limited is counted (a wrong code, a comment), each of which writes anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.db.models import Case, F, Value, When
from django.utils import timezone

from hafiportrait.lib.models import TryCount


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
    started = now - timedelta(seconds=limit.seconds)
    key = limit.key(who)
    if not _raise_count(key, started, now):
        try:
            with transaction.atomic():
                TryCount.objects.create(key=key, count=1, window_started_at=now)
        except IntegrityError:
            _raise_count(key, started, now)
    return TryCount.objects.values_list("count", flat=True).get(key=key)


def _raise_count(key: str, started: datetime, now: datetime) -> int:
    fresh = When(window_started_at__lte=started, then=Value(1))
    return TryCount.objects.filter(key=key).update(
        count=Case(fresh, default=F("count") + 1),
        window_started_at=Case(
            When(window_started_at__lte=started, then=Value(now)), default=F("window_started_at")
        ),
    )


def seconds_left(limit: Limit, who: str, *, at: datetime | None = None) -> int:
    """Return for how many seconds more the limit is reached (0: it is not)."""
    now = at or timezone.now()
    row = TryCount.objects.filter(key=limit.key(who), count__gte=limit.most).first()
    if row is None:
        return 0
    left = (row.window_started_at + timedelta(seconds=limit.seconds) - now).total_seconds()
    # A clock that was set back must not lock a door for longer than its window.
    return 0 if left <= 0 else min(int(left) + 1, limit.seconds)
