"""Run the processes of a Procfile side by side; as soon as one of them ends, all end.

Runners that read their processes' output through a pipe notice an end only when the last holder
of the pipe is gone: a server killed in the middle of a download left half a site for more than a
minute. Here processes write to the terminal themselves, and what is watched is the process.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

LOOK_SECONDS = 0.1
# gunicorn lets requests finish for 30 s, run_jobs its photo for 45 s.
STOP_SECONDS = 50.0
IMPATIENCE_SECONDS = 1.0
PR_SET_PDEATHSIG = 1
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def read_procfile(path: Path) -> dict[str, str]:
    """Return the commands of a Procfile by their names, in its order.

    A command begins with `exec`, so that the process watched is the program and no shell.
    """
    commands: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, colon, command = line.partition(":")
        if colon and not line.startswith("#"):
            commands[name.strip()] = command.strip()
    return commands


def say(line: str) -> None:
    """Write one line of our own between the lines of the processes."""
    sys.stderr.write(f"hafiportrait: {line}\n")
    sys.stderr.flush()


def stop_with_parent() -> None:
    """Ask the kernel for SIGTERM when the process that started this one dies (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def on_stop_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    """Call the handler at every signal that asks for an end; `nohup` keeps its meaning."""
    for number in STOP_SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


class Supervisor:
    """The processes of one run, and the wish to stop them."""

    def __init__(self, commands: Mapping[str, str]) -> None:
        self.commands = commands
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.asked_at: float | None = None
        self.impatient = False

    def start(self) -> None:
        """Start all processes; to be called before this one has threads, because it forks."""
        on_stop_signals(self._hear)
        for name, command in self.commands.items():
            self.processes[name] = _start(command)

    def wait(self) -> int:
        """Wait for the end; returns 0 after a wish to stop, 1 after a process that ended."""
        try:
            return self._watch()
        finally:
            self._stop_all()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.asked_at is None:
            self.asked_at = now
        elif number == signal.SIGINT and now - self.asked_at > IMPATIENCE_SECONDS:
            self.impatient = True

    def _watch(self) -> int:
        while self.asked_at is None:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    how = _describe(process.returncode)
                    say(f"the process '{name}' ({process.pid}) {how}; stopping everything")
                    return 1
            time.sleep(LOOK_SECONDS)
        say("stopping; running requests and photos may finish (Ctrl-C again: at once)")
        return 0

    def _stop_all(self) -> None:
        for process in self.processes.values():
            # Only the leader: it tells its own children, and knows which of them to leave alone.
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while self._running() and time.monotonic() < deadline and not self.impatient:
            time.sleep(LOOK_SECONDS)
        for process in self.processes.values():
            # Whoever is left of its group: the children of a leader that was killed.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _running(self) -> bool:
        return any(process.poll() is None for process in self.processes.values())


def _start(command: str) -> subprocess.Popen[bytes]:
    # A group of its own: Ctrl-C in a terminal reaches only this process, which stops them in order.
    return subprocess.Popen(  # noqa: S603  # a line of our own Procfile
        ["/bin/sh", "-c", command],
        start_new_session=True,
        preexec_fn=stop_with_parent,
    )


def _describe(returncode: int) -> str:
    if returncode < 0:
        return f"was killed by {signal.Signals(-returncode).name}"
    return f"ended with exit code {returncode}"
