"""How long an address of a visitor is kept: it is personal data."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet


def blank_addresses(rows: QuerySet[Any], column: str, now: datetime) -> int:
    """Blank `ip_address` where the time in `column` is over IP_RETENTION_DAYS ago.

    Returns how many rows had one.
    """
    before = now - timedelta(days=settings.IP_RETENTION_DAYS)
    old = rows.filter(**{f"{column}__lt": before}).exclude(ip_address="")
    return old.update(ip_address="")
