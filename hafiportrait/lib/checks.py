"""What Django's system check refuses to start with."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def shared_cache(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Refuse several web processes without a cache that they share.

    The tries at a second factor are counted in the cache: with one of its own for each process a
    limit would hold once per process.
    """
    if settings.WEB_PROCESSES == 1 or settings.REDIS_URL:
        return []
    return [
        Error(
            "Several web processes need a shared cache.",
            hint="Set REDIS_URL, or WEB_PROCESSES=1 with more WEB_THREADS.",
            id="lib.E001",
        )
    ]
