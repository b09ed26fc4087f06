"""A database that is taken away: refused connections, and then no answer at all."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

import pytest

from tests.faults.postgres import Cluster, cluster
from tests.faults.site import SLUG, Answer, Browser, Site, at_once, heavy_jpeg, sha256, site_in
from tests.installation import wait_until

pytestmark = pytest.mark.slow

ANSWER_SECONDS = 10
RECOVERY_SECONDS = 10
READY_SECONDS = 60
GUESTS = 30


@pytest.fixture(scope="module")
def database() -> Iterator[Cluster]:
    with cluster() as started:
        yield started


@pytest.fixture(scope="module")
def site(database: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site on PostgreSQL that stays up in all of these tests."""
    made = site_in(tmp_path_factory.mktemp("site"), DATABASE_URL=database.url)
    try:
        made.make_wedding()
        made.start_web()
        made.start_jobs()
        yield made
    finally:
        made.installation.stop_all()


@pytest.fixture(scope="module")
def hafi(site: Site) -> Browser:
    return site.browser().log_in()


@pytest.fixture(scope="module")
def sari(site: Site) -> Browser:
    return site.browser().enter()


@pytest.fixture(autouse=True)
def _answers_again(database: Cluster, sari: Browser) -> Iterator[None]:
    """Whatever a test did, the next one begins with a database that answers."""
    yield
    database.go_on()
    assert wait_until(lambda: opens(sari), seconds=60)


@contextlib.contextmanager
def stopped(database: Cluster) -> Iterator[None]:
    database.stop_at_once()
    try:
        yield
    finally:
        database.start()


@contextlib.contextmanager
def hanging(database: Cluster) -> Iterator[None]:
    database.hang()
    try:
        yield
    finally:
        database.go_on()


def timed(ask: Callable[[], Answer]) -> tuple[float, Answer]:
    started = time.monotonic()
    answer = ask()
    return time.monotonic() - started, answer


def assert_unavailable(timed_answers: list[tuple[float, Answer]]) -> None:
    """Assert that every answer is a 503 that says when to come again, in time."""
    assert {answer.status for _, answer in timed_answers} == {503}
    assert all(int(answer.headers["retry-after"]) > 0 for _, answer in timed_answers)
    assert max(seconds for seconds, _ in timed_answers) < ANSWER_SECONDS


def opens(sari: Browser) -> bool:
    return sari.get(f"/e/{SLUG}/").status == 200


def assert_recovers(site: Site, hafi: Browser, sari: Browser, *, seed: int) -> None:
    """Assert that pages open soon, and that uploads are taken in and worked on."""
    assert wait_until(lambda: opens(sari), seconds=RECOVERY_SECONDS), site.installation.logs()
    assert hafi.upload(site.event, heavy_jpeg(seed, size=100_000)).status == 201
    assert wait_until(lambda: site.all_are("READY"), seconds=READY_SECONDS)


class StoppedDatabaseTests:
    def test_everybody_is_told_to_come_again_and_nothing_acknowledged_is_lost(
        self, site: Site, database: Cluster, hafi: Browser, sari: Browser
    ) -> None:
        kept, refused = heavy_jpeg(1, size=500_000), heavy_jpeg(2, size=500_000)
        assert opens(sari)
        assert hafi.upload(site.event, kept).status == 201

        with stopped(database):
            page = timed(lambda: sari.get(f"/e/{SLUG}/"))
            upload = timed(lambda: hafi.upload(site.event, refused))
            ready = sari.get("/readyz")
            alive = sari.get("/healthz")

        assert_unavailable([page, upload])
        assert (ready.status, ready.json()["parts"]["database"]) == (503, "down")
        assert alive.status == 200
        assert_recovers(site, hafi, sari, seed=3)
        kept_sums = {sha256(kept), sha256(heavy_jpeg(3, size=100_000))}
        assert {photo["sha256"] for photo in site.photos()} == kept_sums


class HangingDatabaseTests:
    def test_a_page_and_an_upload_do_not_wait_for_it(
        self, site: Site, database: Cluster, hafi: Browser, sari: Browser
    ) -> None:
        assert opens(sari)

        with hanging(database):
            page = timed(lambda: sari.get(f"/e/{SLUG}/"))
            upload = timed(lambda: hafi.upload(site.event, heavy_jpeg(11, size=500_000)))

        assert_unavailable([page, upload])
        assert_recovers(site, hafi, sari, seed=12)

    def test_thirty_guests_at_once_do_not_wait_for_it(
        self, site: Site, database: Cluster, hafi: Browser, sari: Browser
    ) -> None:
        at_once([lambda: sari.get(f"/e/{SLUG}/")] * GUESTS)  # so that the pool is full

        with hanging(database):
            pages = at_once([lambda: timed(lambda: sari.get(f"/e/{SLUG}/"))] * GUESTS)

        assert_unavailable(pages)
        assert_recovers(site, hafi, sari, seed=13)
