"""A whole installation of its own for a benchmark: database, media, and a real gunicorn."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from benchmarks.client import HOST, Connection, request_bytes

ROOT = Path(__file__).resolve().parent.parent
OURS = "hafiportrait.wsgi"
BARE = "benchmarks.bare:make_application()"
START_SECONDS = 30
COMMAND_SECONDS = 300
POSTGRES_URL = os.environ.get("BENCH_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
POSTGRES_HINT = "BENCH_POSTGRES_URL names another server"
CLEAR_PEAK = "5"  # proc(5), clear_refs: sets VmHWM to the present VmRSS


@dataclass
class Server:
    """One gunicorn with the product's own `gunicorn.conf.py`, one process and its threads."""

    app: str
    environment: dict[str, str]
    log: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def start(self) -> None:
        """Serve on a free port, and wait until it answers."""
        self.port = self.port or _free_port()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", self.app],
                env=self.environment | {"PORT": str(self.port)},
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.app} does not start:\n{self.log.read_text()}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with Connection(self.port) as connection:
                connection.ask(request_bytes("/healthz"))
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """Kill the server and its process at once, as a power cut would."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    @property
    def worker(self) -> int:
        """The id of the process that answers."""
        assert self.process is not None
        return children_of(self.process.pid)[0]

    def resident_mb(self) -> float:
        """Return how much memory the process has now."""
        return memory_mb(self.worker, "VmRSS")

    def forget_peak(self) -> None:
        """Let the peak begin anew, at the present memory."""
        Path(f"/proc/{self.worker}/clear_refs").write_text(CLEAR_PEAK)

    def peak_mb(self) -> float:
        """Return the most memory that the process had since `forget_peak`; the kernel counts it."""
        return memory_mb(self.worker, "VmHWM")


def children_of(pid: int) -> list[int]:
    """Return the processes that this process started and that are still there."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def memory_mb(pid: int, name: str) -> float:
    """Return a line of `/proc/<pid>/status` (VmRSS, VmHWM) in megabytes, 0 for a process gone."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Installation:
    """The product with its own database and media folder below `folder`."""

    folder: Path
    database_url: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every process of this installation: production, one process."""
        ours = {
            "ENV_FILE": os.devnull,
            "SECRET_KEY": "an-installation-of-a-benchmark-" + "y" * 40,
            "SITE_URL": f"http://{HOST}",
            "DEMO": "1",  # staff without a second factor may log in
            "LOG_LEVEL": "WARNING",
            "DATABASE_URL": self.database_url or f"sqlite:///{self.database_file}",
            "MEDIA_ROOT": str(self.media_root),
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "BENCH_FOLDER": str(self.folder),
            "PYTHONPATH": str(ROOT),
        }
        inherited = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ
        }
        return inherited | ours | self.extra

    @property
    def database_file(self) -> Path:
        """The SQLite database."""
        return self.folder / "db.sqlite3"

    @property
    def media_root(self) -> Path:
        """Where the photos lie."""
        return self.folder / "media"

    def prepare(self) -> Installation:
        """Migrate the database and collect the static files, as a deployment does."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.run("manage.py", "migrate", "--verbosity", "0")
        if not (self.folder / "static").exists():
            self.run("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
        return self

    def run(self, *words: str, stdin: str = "") -> str:
        """Run `python …` inside the installation to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, *words],
            env=self.environment,
            cwd=ROOT,
            input=stdin.encode(),
            stdout=subprocess.PIPE,
            check=True,
            timeout=COMMAND_SECONDS,
        )
        return done.stdout.decode()

    def inside(self, name: str, **arguments: Any) -> Any:
        """Call a function of `benchmarks.inside` in a process of the installation."""
        answer = self.run("-m", "benchmarks.inside", name, stdin=json.dumps(arguments))
        return json.loads(answer.splitlines()[-1])

    def serve(self, app: str = OURS, **extra: str) -> Server:
        """Return a server of the product, or of the bare comparison, not started yet."""
        name = "ours" if app == OURS else "bare"
        return Server(app, self.environment | extra, self.folder / f"{name}.log")

    @contextlib.contextmanager
    def database(self) -> Iterator[Any]:
        """Open a connection that commits every statement by itself."""
        if self.database_url:
            with psycopg.connect(self.database_url, autocommit=True) as connection:
                yield connection
            return
        file = sqlite3.connect(self.database_file, isolation_level=None, timeout=20)
        try:
            yield file
        finally:
            file.close()


@contextlib.contextmanager
def postgres_database() -> Iterator[str]:
    """Make a database on the server of BENCH_POSTGRES_URL, and drop it at the end.

    Yields its address; raises psycopg.OperationalError where no server answers.
    """
    name = f"hafiportrait_bench_{os.getpid()}"
    with psycopg.connect(POSTGRES_URL, autocommit=True, connect_timeout=5) as server:
        server.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield urlsplit(POSTGRES_URL)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def enter(server: Server, code: str) -> dict[str, str]:
    """Enter by QR code and open the gallery once, as a phone does; returns its cookies."""
    with Connection(server.port) as connection:
        head, _ = connection.ask(request_bytes(f"/q/{code}/"))
        if head.status != 302:
            raise RuntimeError(f"the code {code} is answered with {head.status}")
        cookies = dict(head.cookies)
        head, _ = connection.ask(request_bytes(head.headers["location"], cookies=cookies))
        if head.status != 200:
            raise RuntimeError(f"the gallery is answered with {head.status}")
        return cookies | head.cookies
