"""Real servers on ports of this machine, and phones that talk to them badly."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from types import TracebackType

from tests.installation import Installation, wait_until

START_SECONDS = 30
DRIP_SECONDS = 0.2
SMALL_BUFFER_BYTES = 4_096


def free_port() -> int:
    """Return a port of this machine that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass
class Server:
    """A gunicorn with the product's own configuration."""

    port: int
    process: Popen[bytes]
    installation: Installation

    def get(self, path: str, *, timeout: float = 10) -> tuple[int, bytes]:
        """Return the status and the whole body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def connect(self, sent: bytes, *, timeout: float = 10) -> socket.socket:
        """Return a connection on which something was already sent, with little room to answer."""
        phone = socket.socket()
        phone.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
        phone.settimeout(timeout)
        phone.connect(("127.0.0.1", self.port))
        phone.sendall(sent)
        return phone

    def has_ended(self) -> bool:
        """Return whether its first process is gone."""
        return self.process.poll() is not None

    def is_up(self) -> bool:
        """Return whether somebody listens and answers."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.get("/healthz", timeout=5)[0] == 200
        return False


@contextlib.contextmanager
def serving(folder: Path, *, config: str = "gunicorn.conf.py", **extra: str) -> Iterator[Server]:
    """Serve `tests.ops.site` with the settings given until the block ends."""
    port = free_port()
    settings = {"PORT": str(port), "SITE_URL": f"http://127.0.0.1:{port}"}
    installation = Installation(folder, extra=settings | extra)
    process = installation.start("-m", "gunicorn", "-c", config, "tests.ops.site:application")
    server = Server(port, process, installation)
    try:
        wait_until(lambda: server.is_up() or server.has_ended(), seconds=START_SECONDS, pause=0.1)
        assert server.is_up(), installation.logs()
        yield server
    finally:
        installation.stop_all()


@dataclass
class Drip:
    """Sends one byte now and then on every connection of a list, until the block ends."""

    connections: list[socket.socket]
    ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> None:
        self.thread = threading.Thread(target=self._drip)
        self.thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ended.set()
        self.thread.join()

    def _drip(self) -> None:
        while not self.ended.wait(DRIP_SECONDS):
            for connection in self.connections:
                connection.send(b"x")


def seconds_until_closed(connection: socket.socket) -> float:
    """Return how long the other side took to close; what it sends before is thrown away."""
    started = time.monotonic()
    with connection, contextlib.suppress(ConnectionResetError):
        while connection.recv(65_536):
            pass
    return time.monotonic() - started
