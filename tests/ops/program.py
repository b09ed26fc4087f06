"""A process for the supervisor's tests: `program.py NAME [deaf|parent]`.

Writes its number to NAME.pid; after SIGTERM it finishes its work and writes NAME.finished. A deaf
one does not hear SIGTERM; a parent has a child that is called NAME-child.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

WORK_SECONDS = 0.3


def main(name: str, kind: str = "polite") -> None:
    """Live for a minute, or until told to stop."""

    def finish(number: int, frame: object) -> None:
        time.sleep(WORK_SECONDS)
        Path(f"{name}.finished").touch()
        sys.exit(0)

    signal.signal(signal.SIGTERM, signal.SIG_IGN if kind == "deaf" else finish)
    if kind == "parent":
        subprocess.Popen([sys.executable, __file__, f"{name}-child"])
    unfinished = Path(f"{name}.new")
    unfinished.write_text(str(os.getpid()))
    unfinished.rename(f"{name}.pid")
    time.sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
