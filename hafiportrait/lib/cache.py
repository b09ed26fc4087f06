"""A cache that may be gone: a gallery opens without it, only slower."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

# After a failure the cache is left alone for this long, so that a Redis that hangs costs one
# time-out, not one per look-up.
PAUSE_SECONDS = 5.0


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache, except that a dead server reads as an empty cache.

    Only for values that can be made again. Limits of tries and jobs live in the database.
    """

    # Django makes one object per thread; they all learn from the first that had to wait.
    _paused_until: ClassVar[dict[str, float]] = {}

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._server = str(server)

    def _forgive(self, call: Callable[..., Any], fallback: Any, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() < self._paused_until.get(self._server, 0.0):
            return fallback
        try:
            return call(*args, **kwargs)
        except RedisError as error:
            self._paused_until[self._server] = time.monotonic() + PAUSE_SECONDS
            log.warning("the cache is not answering: %s", error)
            return fallback

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._forgive(super().get, default, key, default, version)

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        self._forgive(super().set, None, key, value, *args, **kwargs)

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        return bool(self._forgive(super().add, True, key, value, *args, **kwargs))

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        found: dict[Any, Any] = self._forgive(super().get_many, {}, keys, version)
        return found

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> list[Any]:
        missed: list[Any] = self._forgive(super().set_many, list(data), data, *args, **kwargs)
        return missed

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._forgive(super().delete, False, key, version))

    def delete_many(self, keys: Any, version: int | None = None) -> None:
        self._forgive(super().delete_many, None, keys, version)

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return bool(self._forgive(super().has_key, False, key, version))

    def touch(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return bool(self._forgive(super().touch, False, key, *args, **kwargs))

    def clear(self) -> None:
        self._forgive(super().clear, None)
