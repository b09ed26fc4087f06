"""Power cuts while photos come in: what was answered is there, whole and once; the rest is not."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time

import pytest
from django.test.client import MULTIPART_CONTENT

from tests.faults.site import (
    HOST,
    Browser,
    Site,
    at_once,
    heavy_jpeg,
    photo_form,
    sha256,
    upload_path,
)
from tests.installation import files_below, kill, wait_until

pytestmark = pytest.mark.slow

UPLOADS = 60
ANSWERED_BEFORE_THE_KILL = 15
READY_SECONDS = 120


class Cut:
    """Sends photos until the server dies, and remembers those that were answered."""

    def __init__(self, site: Site, hafi: Browser) -> None:
        self.site, self.hafi = site, hafi
        self.answered: list[str] = []
        self.enough = threading.Event()

    def send(self, data: bytes) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            answer = self.hafi.upload(self.site.event, data)
            assert answer.status == 201, answer
            self.answered.append(sha256(data))
            if len(self.answered) >= ANSWERED_BEFORE_THE_KILL:
                self.enough.set()


class ParallelUploadTests:
    def test_what_was_answered_survives_a_power_cut(self, site: Site) -> None:
        web, jobs = site.start_web(), site.start_jobs()
        cut = Cut(site, site.browser().log_in())
        pictures = [heavy_jpeg(seed, size=300_000) for seed in range(1, UPLOADS + 1)]

        def pull_the_plug() -> None:
            assert cut.enough.wait(60)
            kill(web.process)
            kill(jobs)

        at_once([*(lambda data=data: cut.send(data) for data in pictures), pull_the_plug])
        restarted_at = time.monotonic()
        site.start_web()
        site.start_jobs()

        assert ANSWERED_BEFORE_THE_KILL <= len(cut.answered) < UPLOADS
        left = READY_SECONDS - (time.monotonic() - restarted_at)
        assert wait_until(lambda: site.all_are("READY"), seconds=left), site.installation.logs()
        photos = site.photos()
        found = [photo["sha256"] for photo in photos]
        assert sorted(found) == sorted(set(found))
        assert set(cut.answered) <= set(found) <= {sha256(data) for data in pictures}
        assert [site.stored_sha256(photo["key"]) for photo in photos] == found
        assert {photo["attempts"] for photo in photos} == {0}
        assert site.sweep() == files_below(site.installation.folder / "media")


class HalfUploadTests:
    def test_half_an_upload_leaves_nothing_that_the_sweep_does_not_take(self, site: Site) -> None:
        media = site.installation.folder / "media"
        picture = heavy_jpeg(1, size=2_000_000)
        web, hafi = site.start_web(), site.browser().log_in()

        phone = send_half(site, hafi, picture)
        assert wait_until(lambda: files_below(media) != [], seconds=20, pause=0.1)
        kill(web.process)
        phone.close()

        leftovers = files_below(media)
        assert [name.startswith(".incoming/upload-") for name in leftovers] == [True]
        assert site.photos() == []
        site.start_web()
        assert hafi.upload(site.event, picture).status == 201
        (photo,) = site.photos()
        assert site.stored_sha256(photo["key"]) == sha256(picture)
        assert site.sweep() == files_below(media) == [photo["key"]]


def send_half(site: Site, hafi: Browser, picture: bytes) -> socket.socket:
    """Begin an upload, send half of it, and hold the line."""
    body = photo_form(picture)
    headers = hafi.headers(
        Host=f"{HOST}:{site.port}",
        Content_Type=MULTIPART_CONTENT,
        Content_Length=str(len(body)),
        X_CSRFToken=hafi.cookies["csrftoken"],
    )
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join([f"POST {upload_path(site.event)} HTTP/1.1", *lines, "", ""])
    phone = socket.create_connection((HOST, site.port), timeout=20)
    phone.sendall(head.encode() + body[: len(body) // 2])
    return phone
