"""A PostgreSQL of its own for a test that takes it away."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.site import HOST
from tests.ops.servers import free_port

SYSTEM_USER = "postgres"
COMMAND_SECONDS = 60


@dataclass
class Cluster:
    """A database server in a folder of its own."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"postgres://{SYSTEM_USER}@{HOST}:{self.port}/{SYSTEM_USER}"

    def make(self) -> None:
        """Initialise the cluster; without a password, and only on this machine."""
        self._run("initdb", "-A", "trust", "-U", SYSTEM_USER, "-E", "UTF8", "--locale=C.UTF-8")

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-c listen_addresses={HOST} -c port={self.port} -c unix_socket_directories=''"
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop_at_once(self) -> None:
        """End it as a power cut would: no check-point, no goodbye."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def hang(self) -> None:
        """Stop all its processes without ending them: connections stay open and nobody answers."""
        for pid in self._pids():
            os.kill(pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let the processes run again."""
        for pid in self._pids():
            os.kill(pid, signal.SIGCONT)

    def _pids(self) -> list[int]:
        first = (self.folder / "data" / "postmaster.pid").read_text().split()[0]
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [int(first), *map(int, children)]

    def _run(self, program: str, *words: str) -> None:
        newest = max(Path("/usr/lib/postgresql").iterdir(), key=lambda path: float(path.name))
        command = [str(newest / "bin" / program), "-D", str(self.folder / "data"), *words]
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            command = ["runuser", "-u", SYSTEM_USER, "--", *command]
        subprocess.run(
            command,
            check=True,
            cwd=self.folder,
            timeout=COMMAND_SECONDS,
            stdout=subprocess.DEVNULL,
        )


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """Run a database server until the block ends."""
    # Not below pytest's folder, which only its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="hafiportrait-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, SYSTEM_USER)
    made = Cluster(folder, free_port())
    try:
        made.make()
        made.start()
        yield made
    finally:
        with contextlib.suppress(FileNotFoundError, subprocess.CalledProcessError):
            made.go_on()
            made.stop_at_once()
        shutil.rmtree(folder)
