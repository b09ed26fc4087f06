"""Write `.env` for the first run on this machine: the demo, on this machine only."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

SECRET_BYTES = 50
OWNER_ONLY = 0o600

LINES = """\
# Made by the first `make run`. Every setting is described in .env.example.
SECRET_KEY={secret}
SITE_URL=http://127.0.0.1:{port}
PORT={port}
DEMO=1
"""


def write_first_env(path: Path, *, port: int) -> bool:
    """Write the file for its owner only, unless it is there; returns whether it was written."""
    try:
        # The mode belongs to the creation: a later chmod leaves a moment in which all may read.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(LINES.format(secret=secrets.token_urlsafe(SECRET_BYTES), port=port))
    return True


def main() -> None:
    """Write `.env` here, for the port that PORT names."""
    port = os.environ.get("PORT") or "8000"
    if not port.isdecimal():
        sys.exit(f"hafiportrait: setting PORT is odd: {port!r}; expected a whole number")
    if write_first_env(Path(".env"), port=int(port)):
        sys.stdout.write("Wrote .env with a fresh secret; only you can read it.\n")


if __name__ == "__main__":
    main()
