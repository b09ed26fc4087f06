from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.run import follow_port
from tests.installation import ROOT


class PortTests:
    def test_a_port_in_use_is_told_before_anything_starts(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
            port = other.getsockname()[1]
            done = subprocess.run(
                [sys.executable, "-m", "scripts.run", "Procfile"],
                cwd=ROOT,
                env=os.environ
                | {
                    "ENV_FILE": os.devnull,
                    "PORT": str(port),
                    "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
                },
                capture_output=True,
                text=True,
                timeout=30,
            )

        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr == (
            f"hafiportrait: port {port} of 127.0.0.1 is in use by another program; "
            f"stop that, or choose another: make run PORT={port + 1}\n"
        )
        assert list(tmp_path.iterdir()) == []


class SiteAddressTests:
    @pytest.mark.parametrize(
        ("written", "served"),
        [
            ("http://127.0.0.1:8000", "http://127.0.0.1:8123"),
            ("http://localhost", "http://localhost:8123"),
            ("https://photos.example.com", "https://photos.example.com"),
            ("https://127.0.0.1", "https://127.0.0.1"),
        ],
    )
    def test_only_an_address_of_this_machine_follows_the_port(
        self, written: str, served: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SITE_URL", written)

        follow_port(8123)

        assert os.environ["SITE_URL"] == served
