"""Serve the whole site on this machine: `python -m scripts.run Procfile` (called by `make run`)."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from hafiportrait import environment as env
from scripts.supervisor import Supervisor, on_stop_signals, read_procfile, stop_with_parent

ANSWER_SECONDS = 120
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104  # compared with, not bound to
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# The demo's own words (`manage.py seed_demo`), known to everybody.
DEMO_LINES = """
  Photographer  {site}/admin/   admin@hafiportrait.com / admin123
  Couple        {site}/accounts/login/   budi.ani@example.com / client123
  Guest         {site}/masuk/   code BUDIANI2024
"""


def refuse_taken_port(host: str, port: int) -> None:
    """End with one line if somebody listens there; gunicorn alone would share the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                sys.exit(f"hafiportrait: cannot listen at {host}:{port}: {error.strerror}")
            sys.exit(
                f"hafiportrait: port {port} of {host} is in use by another program; "
                f"stop that, or choose another: make run PORT={port + 1}"
            )


def follow_port(port: int) -> None:
    """Let a SITE_URL on this machine name the port that is served, for this run only."""
    parts = urlsplit(os.environ.get("SITE_URL", ""))
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        os.environ["SITE_URL"] = f"http://{parts.hostname}:{port}"


def manage(*arguments: str) -> None:
    """Run one of Django's commands; its failure ends this run, with what it printed."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, check=False)  # noqa: S603  # our own words
    if done.returncode:
        sys.exit(done.returncode)


def prepare_database() -> None:
    """Bring the tables up to date, and fill them with the demo where it is on."""
    directly = ["--database", "direct"] if os.environ.get("DIRECT_URL") else []
    manage("migrate", *directly)
    if env.flag("DEMO"):
        manage("seed_demo")


def announce(host: str, port: int) -> None:
    """Print where the site is, once it answers."""
    # Who listens on every address also listens on this one.
    local = f"http://{'127.0.0.1' if host == EVERY_ADDRESS else host}:{port}"
    site = os.environ.get("SITE_URL", local)
    deadline = time.monotonic() + ANSWER_SECONDS
    while not _answers(f"{local}/healthz"):
        if time.monotonic() > deadline:
            return
        time.sleep(0.2)
    lines = f"\nHafiportrait is running at {site} (Ctrl-C stops it)\n"
    sys.stdout.write(lines + (DEMO_LINES.format(site=site) if env.flag("DEMO") else "") + "\n")
    sys.stdout.flush()


def _answers(address: str) -> bool:
    with contextlib.suppress(URLError, OSError):
        try:
            with urlopen(address, timeout=5):  # noqa: S310  # our own http address
                return True
        except HTTPError:
            return True
    return False


def end(number: int, frame: FrameType | None) -> None:
    """End while something is prepared; `subprocess.run` then ends its process too."""
    raise SystemExit(128 + number)


def main() -> int:
    """Prepare the database and the demo, then serve until told to stop."""
    on_stop_signals(end)
    stop_with_parent()
    address_is_given = "SITE_URL" in os.environ
    env.load_file(Path(os.environ.get("ENV_FILE", ".env")))
    host = env.text("WEB_HOST", "127.0.0.1")
    port = env.number("PORT", 8000, least=1, most=65535)
    refuse_taken_port(host, port)
    if not address_is_given:
        follow_port(port)
    prepare_database()
    supervisor = Supervisor(read_procfile(Path(sys.argv[1])))
    supervisor.start()
    threading.Thread(target=announce, args=(host, port), daemon=True).start()
    return supervisor.wait()


if __name__ == "__main__":
    sys.exit(main())
