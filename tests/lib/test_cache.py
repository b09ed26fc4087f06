"""A cache that is gone reads as an empty one, at once; a living one remembers."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from redis.exceptions import ResponseError

from hafiportrait.lib import cache as cache_module
from hafiportrait.lib.cache import ForgivingRedisCache

OPTIONS: dict[str, Any] = {"OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}}


def nobody_listens() -> int:
    """Return a port of this machine at which nobody answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def hanging() -> Iterator[str]:
    """The address of a server that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@pytest.fixture
def refusing() -> str:
    """The address of a server that is gone."""
    return f"redis://127.0.0.1:{nobody_listens()}/0"


class DeadCacheTests:
    def test_everything_reads_as_empty(self, refusing: str) -> None:
        cache = ForgivingRedisCache(refusing, OPTIONS)

        cache.set("a", 1)
        cache.delete_many(["a", "b"])
        cache.clear()

        assert cache.get("a") is None
        assert cache.get("a", "else") == "else"
        assert cache.get_many(["a", "b"]) == {}
        assert cache.get_or_set("a", lambda: "made") == "made"
        assert ("a" in cache, cache.has_key("a")) == (False, False)
        assert (cache.delete("a"), cache.touch("a")) == (False, False)
        assert cache.set_many({"a": 1, "b": 2}) == ["a", "b"]

    def test_a_lock_that_nobody_keeps_is_given(self, refusing: str) -> None:
        assert ForgivingRedisCache(refusing, OPTIONS).add("lock", 1) is True

    def test_a_server_that_hangs_costs_one_time_out_and_no_more(self, hanging: str) -> None:
        cache = ForgivingRedisCache(hanging, OPTIONS)
        started = time.monotonic()

        found = [cache.get(f"tile-{n}") for n in range(200)]

        assert found == [None] * 200
        assert time.monotonic() - started < 2.5

    def test_all_threads_learn_from_the_first_that_waited(self, hanging: str) -> None:
        ForgivingRedisCache(hanging, OPTIONS).get("a")
        took: list[float] = []

        def look() -> None:
            started = time.monotonic()
            ForgivingRedisCache(hanging, OPTIONS).get("a")
            took.append(time.monotonic() - started)

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(took) == 4
        assert max(took) < 0.3

    def test_it_is_asked_again_after_a_while(
        self, refusing: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cache_module, "PAUSE_SECONDS", 0.0)
        cache = ForgivingRedisCache(refusing, OPTIONS)
        cache.get("a")
        asked: list[str] = []
        monkeypatch.setattr(cache_module.log, "warning", lambda line, *_: asked.append(line))

        cache.get("a")

        assert asked == ["the cache is not answering: %s"]


class FakeRedis:
    """A Redis that keeps its values here and fails on demand."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.broken = False

    def get(self, key: str, default: Any) -> Any:
        if self.broken:
            raise ResponseError("LOADING")
        return self.values.get(key, default)

    def set(self, key: str, value: Any, timeout: Any) -> None:
        self.values[key] = value


class LivingCacheTests:
    def test_what_was_set_is_found_again_once_it_answers(
        self, refusing: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cache_module, "PAUSE_SECONDS", 0.0)
        cache = ForgivingRedisCache(refusing, OPTIONS)
        server = FakeRedis()
        monkeypatch.setattr(cache, "_cache", server)
        cache.set("a", 1)

        server.broken = True
        during = cache.get("a")
        server.broken = False

        assert (during, cache.get("a")) == (None, 1)


@pytest.mark.celery
class RealRedisTests:
    """With a Redis of one's own behind it, as in the run with real workers."""

    @pytest.fixture
    def cache(self) -> Iterator[ForgivingRedisCache]:
        address = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/9")
        cache = ForgivingRedisCache(address, OPTIONS | {"KEY_PREFIX": "suite"})
        yield cache
        cache.delete_many(["a", "b"])
        cache._cache.get_client(None, write=True).connection_pool.disconnect()

    def test_what_was_set_is_found_again(self, cache: ForgivingRedisCache) -> None:
        cache.set("a", {"tiles": [1, 2]}, 60)

        assert cache.get("a") == {"tiles": [1, 2]}
        assert cache.get_many(["a", "b"]) == {"a": {"tiles": [1, 2]}}
        assert (cache.has_key("a"), cache.touch("a", 60), cache.delete("a")) == (True, True, True)
        assert cache.get("a", "gone") == "gone"

    def test_a_lock_is_given_once(self, cache: ForgivingRedisCache) -> None:
        assert (cache.add("b", 1, 60), cache.add("b", 1, 60)) == (True, False)
