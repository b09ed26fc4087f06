"""Redis taken away, which is cache and broker at once: galleries open, uploads are saved."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.site import HOST, SLUG, Site, heavy_jpeg, sha256
from tests.installation import wait_until
from tests.ops.servers import free_port

pytestmark = pytest.mark.celery

PROMPT_SECONDS = 5
READY_SECONDS = 90
CELERY = ("-m", "celery", "-A", "hafiportrait")


class Redis:
    """A Redis server of its own, without any file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"

    def start(self) -> None:
        options = ["--bind", HOST, "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(
            ["redis-server", *options, "--dir", str(self.folder)], stdout=subprocess.DEVNULL
        )
        assert wait_until(self.answers, seconds=20, pause=0.1)

    def answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    started = Redis(tmp_path)
    yield started
    started.kill()


@pytest.fixture
def fleet(make_site: Callable[..., Site], redis: Redis, tmp_path: Path) -> Site:
    """The site with Redis, and Celery's three processes."""
    site = make_site(REDIS_URL=redis.url, CELERY_BROKER_URL=redis.url)
    for queue in ("jobs", "sweep"):
        site.installation.start(*CELERY, "worker", "-Q", queue, "-c", "1", "-n", f"{queue}@%h")
    site.installation.start(*CELERY, "beat", "-s", str(tmp_path / "beat"))
    site.start_web()
    return site


class GoneRedisTests:
    def test_galleries_open_and_uploads_are_saved_and_worked_on_later(
        self, fleet: Site, redis: Redis
    ) -> None:
        hafi, sari = fleet.browser().log_in(), fleet.browser().enter()
        before, during = heavy_jpeg(1, size=100_000), heavy_jpeg(2, size=100_000)
        assert hafi.upload(fleet.event, before).status == 201
        assert wait_until(lambda: fleet.all_are("READY"), seconds=READY_SECONDS)
        assert wait_until(lambda: sari.get("/readyz").status == 200, seconds=READY_SECONDS)

        redis.kill()
        started = time.monotonic()
        page = sari.get(f"/e/{SLUG}/")
        page_seconds = time.monotonic() - started
        started = time.monotonic()
        upload = hafi.upload(fleet.event, during)
        upload_seconds = time.monotonic() - started
        ready = sari.get("/readyz")

        assert (page.status, page.body.count(b"data-photo-id")) == (200, 1)
        assert upload.status == 201
        assert max(page_seconds, upload_seconds) < PROMPT_SECONDS
        parts = ready.json()["parts"]
        assert (ready.status, parts["cache"], parts["broker"]) == (503, "down", "down")

        redis.start()
        assert wait_until(
            lambda: [photo["status"] for photo in fleet.photos()] == ["READY", "READY"],
            seconds=READY_SECONDS,
        ), fleet.installation.logs()
        assert [photo["sha256"] for photo in fleet.photos()] == [sha256(before), sha256(during)]
        assert wait_until(lambda: sari.get("/readyz").status == 200, seconds=READY_SECONDS)
