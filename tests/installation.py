"""A whole installation of its own for a test: database, media, and real processes that may die."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROMPT_SECONDS = 120


@dataclass
class Installation:
    """The product with its own SQLite database and media folder below `folder`."""

    folder: Path
    extra: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every process of this installation."""
        ours = {
            "ENV_FILE": os.devnull,
            "SECRET_KEY": "an-installation-of-a-test-" + "y" * 40,
            "SITE_URL": "http://127.0.0.1:8000",
            "DEMO": "1",
            "DATABASE_URL": f"sqlite:///{self.folder / 'db.sqlite3'}",
            "MEDIA_ROOT": str(self.folder / "media"),
            "DJANGO_SETTINGS_MODULE": "hafiportrait.settings",
            "PYTHONPATH": str(ROOT),
        }
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("COV_")}
        return inherited | ours | self.extra

    def manage(self, *words: str) -> str:
        """Run a management command to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *words],
            env=self.environment,
            cwd=ROOT,
            check=True,
            capture_output=True,
            timeout=PROMPT_SECONDS,
        )
        return done.stdout.decode()

    def run_python(self, code: str) -> Any:
        """Run code inside the installation and return the JSON of its last printed line."""
        return json.loads(self.manage("shell", "--no-imports", "-c", code).splitlines()[-1])

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start `python …` in a process group of its own, which `kill` ends as a whole."""
        log = (self.folder / f"process-{len(self.processes)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, *words],
            env=self.environment,
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()
        self.processes.append(process)
        return process

    def logs(self) -> str:
        """Return what all processes printed."""
        return "\n".join(p.read_text() for p in sorted(self.folder.glob("process-*.log")))

    def stop_all(self) -> None:
        """End every process that this installation started."""
        for process in self.processes:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and everything in its group at once, as a power cut would."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(claim: Callable[[], bool], *, seconds: float, pause: float = 0.5) -> bool:
    """Return whether the claim came true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if claim():
            return True
        time.sleep(pause)
    return claim()


def files_below(folder: Path) -> Sequence[str]:
    """Return the relative paths of all files below a folder."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
