"""What the system check refuses."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from hafiportrait.lib.checks import shared_cache


class SharedCacheTests:
    @pytest.mark.parametrize(
        ("processes", "redis_url", "found"),
        [
            (1, "", []),
            (2, "redis://127.0.0.1:6379/0", []),
            (2, "", ["lib.E001"]),
        ],
    )
    def test_several_processes_need_redis(
        self, settings: Settings, processes: int, redis_url: str, found: list[str]
    ) -> None:
        settings.WEB_PROCESSES = processes
        settings.REDIS_URL = redis_url

        assert [message.id for message in shared_cache(None)] == found
