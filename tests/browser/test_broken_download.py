"""A ZIP whose connection breaks at nine tenths: Chromium fetches the rest, and only the rest."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import zipfile
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Site
from tests.browser.seed import PHOTOS, WEDDING_CODE

pytestmark = pytest.mark.browser

ARCHIVE = re.compile(rb"GET /e/budi-ani/download/[0-9a-f-]{36}/ ")
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
RANGE = re.compile(rb"\r\nrange: bytes=(\d+)-", re.IGNORECASE)
BLOCK = 65_536


class CuttingProxy:
    """Passes everything on to the site, and cuts the first archive off at nine tenths."""

    def __init__(self, port: int) -> None:
        self.upstream = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.starts: list[int] = []
        self.cut_at = 0

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
            site.sendall(_closing(request))
            self._answer(site, phone, cut=is_archive and len(self.starts) == 1)

    def _answer(self, site: socket.socket, phone: socket.socket, *, cut: bool) -> None:
        sent, most = 0, float("inf")
        while (data := site.recv(BLOCK)) and sent < most:
            if cut and not sent and (length := LENGTH.search(data)):
                most = self.cut_at = int(length[1]) * 9 // 10
            phone.sendall(data)
            sent += len(data)


def _closing(request: bytes) -> bytes:
    """Ask the site to close after its answer, so that one connection is one answer."""
    return re.sub(rb"\r\nConnection: [^\r]*", b"\r\nConnection: close", request, count=1)


@pytest.fixture
def proxy(site: Site) -> Iterator[CuttingProxy]:
    made = CuttingProxy(site.port)
    thread = threading.Thread(target=made.serve)
    thread.start()
    yield made
    made.listener.shutdown(socket.SHUT_RDWR)
    made.listener.close()
    thread.join()


class BrokenDownloadTests:
    def test_the_browser_goes_on_where_it_broke_off(self, page: Page, proxy: CuttingProxy) -> None:
        page.goto(f"http://127.0.0.1:{proxy.port}/q/{WEDDING_CODE}/")
        page.get_by_text("Download photos").click()

        with page.expect_download() as caught:
            page.get_by_role("button", name="The whole gallery").click()

        with zipfile.ZipFile(caught.value.path()) as archive:
            assert archive.testzip() is None
            assert len(archive.namelist()) == PHOTOS
        assert len(proxy.starts) == 2
        assert proxy.starts[0] == 0
        assert proxy.starts[1] >= proxy.cut_at
