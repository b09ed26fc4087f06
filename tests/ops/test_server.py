from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import wait_until
from tests.ops import site
from tests.ops.servers import Drip, Server, seconds_until_closed, serving

pytestmark = pytest.mark.slow

SHORT_STALL = """
import importlib.util
spec = importlib.util.spec_from_file_location("configuration", {path!r})
configuration = importlib.util.module_from_spec(spec)
spec.loader.exec_module(configuration)
configuration.STALL_SECONDS = 1
globals().update({{k: v for k, v in vars(configuration).items() if not k.startswith("__")}})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server as `make run` starts it, with an access log."""
    with serving(tmp_path_factory.mktemp("server"), ACCESS_LOG="1") as started:
        yield started


@pytest.fixture
def impatient_server(tmp_path: Path) -> Iterator[Server]:
    """A server that takes a phone for gone after a second."""
    config = tmp_path / "impatient.conf.py"
    config.write_text(SHORT_STALL.format(path=str(Path("gunicorn.conf.py").resolve())))
    with serving(tmp_path, config=str(config)) as started:
        yield started


class SlowPhonesTests:
    def test_thirty_slow_phones_and_sixteen_downloads_leave_others_served(
        self, server: Server
    ) -> None:
        silent = [server.connect(b"") for _ in range(10)]
        headers = [server.connect(b"GET / HTTP/1.1\r\nX-Slow: ") for _ in range(10)]
        bodies = [
            server.connect(
                b"POST /body HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999\r\n\r\n"
            )
            for _ in range(10)
        ]
        downloads = [
            server.connect(b"GET /big HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") for _ in range(16)
        ]
        begun = [download.recv(12) for download in downloads]

        with Drip(headers + bodies):
            waits = [_seconds_of_healthz(server) for _ in range(15)]

        assert begun == [b"HTTP/1.1 200"] * 16
        assert max(waits) < 5
        for connection in silent + headers + bodies + downloads:
            connection.close()

    def test_a_phone_that_left_in_mid_request_gives_its_thread_back(
        self, impatient_server: Server
    ) -> None:
        phone = impatient_server.connect(b"GET / HTTP/1.1\r\nHost: 127")

        assert seconds_until_closed(phone) < 5

    def test_a_phone_that_takes_nothing_gives_its_thread_back(
        self, impatient_server: Server
    ) -> None:
        phone = impatient_server.connect(b"GET /big HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

        time.sleep(3)
        seconds = seconds_until_closed(phone)

        assert seconds < 2
        assert "Traceback" not in impatient_server.installation.logs()


class StopTests:
    def test_a_running_request_finishes(self, tmp_path: Path) -> None:
        with serving(tmp_path) as server:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
            with contextlib.closing(connection):
                connection.request("GET", "/slow")
                answer = connection.getresponse()
                answer.read(1)

                server.process.send_signal(signal.SIGTERM)
                rest = answer.read()

                assert 1 + len(rest) == site.SLOW_BLOCKS * len(site.BLOCK)
            assert server.process.wait(timeout=20) == 0

    def test_a_killed_server_takes_its_worker_along(self, tmp_path: Path) -> None:
        with serving(tmp_path) as server:
            server.process.kill()

            assert wait_until(lambda: _refuses(server.port), seconds=10, pause=0.1)


class LogTests:
    def test_the_access_log_hides_the_code(self, server: Server) -> None:
        server.get("/q/KEBAYA77/?from=poster")

        assert wait_until(lambda: "from=poster" in server.installation.logs(), seconds=5)
        assert "KEBAYA77" not in server.installation.logs()

    def test_the_error_log_hides_the_code(self, server: Server) -> None:
        server.get("/q/KEBAYA77/broken")

        assert wait_until(lambda: "broken on purpose" in server.installation.logs(), seconds=5)
        assert "KEBAYA77" not in server.installation.logs()

    def test_nothing_is_logged_about_visitors_unless_asked_for(self, tmp_path: Path) -> None:
        with serving(tmp_path) as server:
            server.get("/healthz?from=poster")
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(timeout=20)

            assert "from=poster" not in server.installation.logs()


class SettingsTests:
    def test_an_odd_setting_stops_the_start_with_one_line(self, tmp_path: Path) -> None:
        with pytest.raises(AssertionError) as stopped, serving(tmp_path, WEB_THREADS="many"):
            pass

        assert "setting WEB_THREADS is odd: 'many'" in str(stopped.value)


def _seconds_of_healthz(server: Server) -> float:
    time.sleep(0.1)
    started = time.monotonic()
    assert server.get("/healthz")[0] == 200
    return time.monotonic() - started


def _refuses(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
