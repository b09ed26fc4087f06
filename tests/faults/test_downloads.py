"""Downloads that are broken off: by a power cut, a restart, or the end of the event."""

from __future__ import annotations

import contextlib
import http.client
import signal
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.faults.site import HOST, SLUG, Browser, Site, copy_of, heavy_jpeg, sha256
from tests.installation import kill, wait_until
from tests.ops.servers import Server

pytestmark = pytest.mark.slow

PHOTOS = 8
# Together far more than what the buffers between a server and a phone hold.
PHOTO_BYTES = 6_000_000
KILLS = 4
BEGUN_BYTES = 300_000

EXPIRE = """
import json
from django.utils import timezone
from events.models import Event
print(json.dumps(Event.objects.update(storage_expires_at=timezone.now())))
"""


@pytest.fixture(scope="module")
def made_album(made_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The wedding with its photos, ready to be taken home."""
    site = copy_of(made_site, tmp_path_factory.mktemp("album"))
    try:
        site.start_web()
        hafi = site.browser().log_in()
        for seed in range(1, PHOTOS + 1):
            assert hafi.upload(site.event, heavy_jpeg(seed, size=PHOTO_BYTES)).status == 201
    finally:
        site.installation.stop_all()
    site.installation.manage("run_jobs", "--until-idle")
    return site


@pytest.fixture
def album(made_album: Site, tmp_path: Path) -> Iterator[Site]:
    site = copy_of(made_album, tmp_path / "site")
    yield site
    site.installation.stop_all()


def plan_download(site: Site) -> tuple[Browser, str]:
    """Return a guest and the address of the ZIP of everything."""
    sari = site.browser().enter()
    sari.get("/masuk/")  # gives the token of the forms
    answer = sari.post(f"/e/{SLUG}/download/", all="1")
    assert answer.status == 303, answer
    return sari, answer.headers["location"]


def curl(site: Site, sari: Browser, path: str, target: Path, *more: str) -> subprocess.Popen[bytes]:
    """Start a download that goes on where the file at `target` ends."""
    words = ["--silent", "--fail", "--continue-at", "-", "--output", str(target), *more]
    cookies = sari.headers()["Cookie"]
    return subprocess.Popen(
        ["curl", *words, "--cookie", cookies, f"http://{HOST}:{site.port}{path}"]
    )


def is_over(target: Path, size: int) -> bool:
    return target.exists() and target.stat().st_size > size


@contextlib.contextmanager
def begun(server: Server, sari: Browser, path: str) -> Iterator[http.client.HTTPResponse]:
    """Begin a download on a phone that takes little at a time."""
    connection = http.client.HTTPConnection(HOST, server.port)
    with contextlib.closing(connection):
        connection.sock = server.connect(b"", timeout=60)
        connection.request("GET", path, headers=sari.headers())
        yield connection.getresponse()


class KilledDownloadTests:
    def test_a_zip_that_four_power_cuts_broke_off_is_the_same_in_the_end(
        self, album: Site, tmp_path: Path
    ) -> None:
        server = album.start_web()
        sari, path = plan_download(album)
        whole = sari.get(path)
        target = tmp_path / "wedding.zip"

        for _ in range(KILLS):
            had = target.stat().st_size if target.exists() else 0
            download = curl(album, sari, path, target, "--limit-rate", "4M")
            assert wait_until(partial(is_over, target, had + BEGUN_BYTES), seconds=30, pause=0.05)
            kill(server.process)
            download.kill()  # or it would take what lies in the buffers, which is a lot
            assert download.wait(60) != 0
            server = album.start_web()
        assert BEGUN_BYTES * KILLS < target.stat().st_size < len(whole.body)
        assert curl(album, sari, path, target).wait(60) == 0

        assert sha256(target.read_bytes()) == sha256(whole.body)
        subprocess.run(["unzip", "-tqq", str(target)], check=True)

    def test_the_rest_is_given_only_of_the_same_zip(self, album: Site) -> None:
        album.start_web()
        sari, path = plan_download(album)
        whole = sari.get(path)
        half = len(whole.body) // 2

        rest = sari.get(path, Range=f"bytes={half}-", If_Range=whole.headers["etag"])
        other = sari.get(path, Range=f"bytes={half}-", If_Range='"of-another-zip"')

        assert (rest.status, sha256(rest.body)) == (206, sha256(whole.body[half:]))
        assert (other.status, sha256(other.body)) == (200, sha256(whole.body))


class RunningDownloadTests:
    def test_a_restart_lets_it_finish(self, album: Site) -> None:
        server = album.start_web()
        sari, path = plan_download(album)
        whole = sari.get(path)

        with begun(server, sari, path) as running:
            beginning = running.read(1_000)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(1)
            body = beginning + running.read()

        assert sha256(body) == sha256(whole.body)
        assert server.process.wait(timeout=40) == 0

    def test_the_end_of_the_event_lets_it_finish_and_refuses_the_next(self, album: Site) -> None:
        server = album.start_web()
        sari, path = plan_download(album)
        whole = sari.get(path)

        with begun(server, sari, path) as running:
            beginning = running.read(1_000)
            assert album.installation.run_python(EXPIRE) == 1
            refused = [sari.get(address).status for address in (f"/e/{SLUG}/", path)]
            body = beginning + running.read()

        assert refused == [410, 410]
        assert sha256(body) == sha256(whole.body)
