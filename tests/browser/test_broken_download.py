"""Downloads on a poor connection: seen, cancelled, broken off and gone on with."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Site
from tests.browser.seed import PHOTOS, WEDDING_CODE

pytestmark = pytest.mark.browser

ARCHIVE = re.compile(rb"GET /e/budi-ani/download/[0-9a-f-]{36}/ ")
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
RANGE = re.compile(rb"\r\nrange: bytes=(\d+)-", re.IGNORECASE)
BLOCK = 65_536
PATIENCE_SECONDS = 60
# A phone that finds a network again need not wait for the next try.
GO_ON_IS_OFFERED = """() => {
  dispatchEvent(new Event("online"));
  return !document.querySelector("[data-download-again]").hidden;
}"""


class PoorConnection:
    """Passes everything on to the site, but archives as badly as it is told.

    `cuts` is how many of the next archives end at nine tenths, `is_gone` refuses all of them, and
    without a `gate` that is open an archive stands still in its middle.
    """

    def __init__(self, port: int) -> None:
        self.upstream = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.starts: list[int] = []
        self.cuts = 0
        self.cut_at = 0
        self.is_gone = False
        self.gate = threading.Event()
        self.gate.set()

    def serve(self) -> None:
        """Take connections until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                phone, _ = self.listener.accept()
                threading.Thread(target=self._relay, args=(phone,), daemon=True).start()

    def _relay(self, phone: socket.socket) -> None:
        site = socket.create_connection(("127.0.0.1", self.upstream))
        with phone, site, contextlib.suppress(OSError):
            request = phone.recv(BLOCK)  # a browser that reads sends its request in one piece
            is_archive = bool(ARCHIVE.match(request))
            if is_archive:
                begins = RANGE.search(request)
                self.starts.append(int(begins[1]) if begins else 0)
                if self.is_gone:
                    return
            site.sendall(_closing(request))
            self._answer(site, phone, is_archive=is_archive)

    def _answer(self, site: socket.socket, phone: socket.socket, *, is_archive: bool) -> None:
        is_cut = is_archive and self.cuts > 0
        self.cuts -= is_cut
        sent, length = 0, 0
        while data := site.recv(BLOCK):
            if is_archive and not sent and (found := LENGTH.search(data)):
                length = int(found[1])
            if is_cut and sent > length * 9 // 10:
                self.cut_at = sent
                return
            phone.sendall(data)
            sent += len(data)
            if is_archive and sent > length // 2:
                self.gate.wait(PATIENCE_SECONDS)


def _closing(request: bytes) -> bytes:
    """Ask the site to close after its answer, so that one connection is one answer."""
    return re.sub(rb"\r\nConnection: [^\r]*", b"\r\nConnection: close", request, count=1)


@pytest.fixture
def connection(site: Site) -> Iterator[PoorConnection]:
    made = PoorConnection(site.port)
    thread = threading.Thread(target=made.serve)
    thread.start()
    yield made
    made.gate.set()
    made.listener.shutdown(socket.SHUT_RDWR)
    made.listener.close()
    thread.join()


def take_all(page: Page, connection: PoorConnection) -> None:
    """Ask for the whole gallery over that connection."""
    page.goto(f"http://127.0.0.1:{connection.port}/q/{WEDDING_CODE}/")
    page.get_by_text("Download photos").click()
    page.get_by_role("button", name="The whole gallery").click()


def notice(page: Page) -> Locator:
    return page.get_by_role("group", name="Download", exact=True)


def assert_whole(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == PHOTOS


class BrokenDownloadTests:
    def test_the_browser_by_itself_goes_on_where_it_broke_off(
        self, plain_guest: Page, connection: PoorConnection
    ) -> None:
        connection.cuts = 1

        with plain_guest.expect_download() as caught:
            take_all(plain_guest, connection)

        assert_whole(caught.value.path())
        assert len(connection.starts) == 2
        assert connection.starts[0] == 0
        assert connection.starts[1] > connection.cut_at // 2

    def test_the_page_goes_on_where_it_broke_off(
        self, page: Page, connection: PoorConnection, complaints: list[str]
    ) -> None:
        connection.cuts = 1

        with page.expect_download() as caught:
            take_all(page, connection)

        assert_whole(caught.value.path())
        assert caught.value.suggested_filename == "Pernikahan Budi & Ani.zip"
        assert len(connection.starts) == 2
        assert connection.starts[0] == 0
        assert connection.starts[1] > connection.cut_at // 2
        complaints.clear()  # of the answer that was cut

    def test_a_connection_that_stays_gone_keeps_what_has_come(
        self, page: Page, connection: PoorConnection, complaints: list[str]
    ) -> None:
        connection.cuts = 1
        connection.gate.clear()
        take_all(page, connection)
        expect(notice(page)).to_contain_text("MB of ")
        connection.is_gone = True
        connection.gate.set()
        page.wait_for_function(GO_ON_IS_OFFERED)
        expect(notice(page)).to_contain_text("still gone")

        connection.is_gone = False
        with page.expect_download() as caught:
            page.get_by_role("button", name="Go on").click()

        assert_whole(caught.value.path())
        assert connection.starts[0] == 0
        assert connection.starts[-1] > 0
        complaints.clear()  # of the answers that did not come


class SlowDownloadTests:
    def test_the_progress_is_seen(self, page: Page, connection: PoorConnection) -> None:
        connection.gate.clear()
        take_all(page, connection)
        bar = page.get_by_role("progressbar")

        expect(notice(page)).to_contain_text("Downloading Pernikahan Budi & Ani.zip")
        expect(notice(page)).to_contain_text(re.compile(r"[1-3]\.\d MB of [3-9]\.\d MB"))
        assert 0.3 < bar.evaluate("bar => bar.value") < 0.9
        with page.expect_download() as caught:
            connection.gate.set()

        assert_whole(caught.value.path())
        expect(notice(page)).to_contain_text("Pernikahan Budi & Ani.zip is saved.")
        expect(bar).to_be_hidden()

    def test_it_can_be_cancelled_and_begun_anew(
        self, page: Page, connection: PoorConnection
    ) -> None:
        connection.gate.clear()
        take_all(page, connection)
        expect(page.get_by_role("button", name="Cancel")).to_be_focused()

        page.get_by_role("button", name="Cancel").click()

        expect(notice(page)).to_be_hidden()
        expect(page.locator("summary").filter(has_text="Download photos")).to_be_focused()
        connection.gate.set()
        with page.expect_download() as caught:
            take_all(page, connection)
        assert_whole(caught.value.path())
        assert connection.starts == [0, 0]
