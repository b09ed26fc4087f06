from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.installation import ROOT

PASSES = "def test_one(): assert True\n"
SKIPS = "import pytest\n@pytest.mark.skip\ndef test_two(): assert True\n"
EXPECTS_TO_FAIL = "import pytest\n@pytest.mark.xfail\ndef test_two(): assert False\n"
SKIPS_ITSELF = "import pytest\npytest.skip('nothing here', allow_module_level=True)\n"
FAILS = "def test_two(): assert False\n"


def run_suite(
    folder: Path, *files: str, options: tuple[str, ...] = ("--no-skips",)
) -> tuple[int, str]:
    """Run a suite of these files; returns its exit code and what it printed."""
    for number, text in enumerate(files):
        (folder / f"test_{number}.py").write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\n")
    words = ["-m", "pytest", "-q", "-p", "tests.no_skips", "-p", "no:cacheprovider", *options]
    done = subprocess.run(
        [
            sys.executable,
            *words,
            "--rootdir",
            str(folder),
            "-c",
            str(folder / "pytest.ini"),
            folder,
        ],
        cwd=ROOT,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout


class NoSkipsTests:
    def test_a_run_without_skips_passes(self, tmp_path: Path) -> None:
        assert run_suite(tmp_path, PASSES)[0] == 0

    @pytest.mark.parametrize("skipping", [SKIPS, EXPECTS_TO_FAIL, SKIPS_ITSELF])
    def test_whatever_was_not_run_fails_the_run_and_is_named(
        self, skipping: str, tmp_path: Path
    ) -> None:
        code, printed = run_suite(tmp_path, PASSES, skipping)

        assert code == 1
        assert printed.count("not run: ") == 1

    def test_several_processes_count_as_one_run(self, tmp_path: Path) -> None:
        code, printed = run_suite(
            tmp_path, PASSES, SKIPS, options=("--no-skips", "-p", "xdist", "-n2")
        )

        assert code == 1
        assert printed.count("not run: ") == 1

    def test_skips_are_allowed_where_nobody_asks(self, tmp_path: Path) -> None:
        assert run_suite(tmp_path, PASSES, SKIPS, options=())[0] == 0

    def test_a_failure_stays_one(self, tmp_path: Path) -> None:
        assert run_suite(tmp_path, FAILS)[0] == 1
