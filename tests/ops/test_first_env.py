from __future__ import annotations

import os
import stat
from pathlib import Path

import environ
import pytest

from scripts.first_env import main, write_first_env


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a first run, in which we stand."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PORT", raising=False)
    return tmp_path


def settings_of(path: Path) -> dict[str, str]:
    """Return the settings of a `.env` file, read as the product reads them."""
    found: dict[str, str] = {}
    for line in path.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[name] = value
    return found


class FirstEnvTests:
    def test_the_first_run_is_a_demo_of_this_machine(self, folder: Path) -> None:
        main()

        settings = settings_of(folder / ".env")
        assert len(settings.pop("SECRET_KEY")) >= 50
        assert settings == {"SITE_URL": "http://127.0.0.1:8000", "PORT": "8000", "DEMO": "1"}

    def test_another_port_is_kept(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PORT", "8123")

        main()

        settings = settings_of(folder / ".env")
        assert settings["SITE_URL"] == "http://127.0.0.1:8123"
        assert settings["PORT"] == "8123"

    def test_an_odd_port_stops_the_run(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PORT", "eighty")

        with pytest.raises(SystemExit, match="setting PORT is odd"):
            main()

        assert not (folder / ".env").exists()

    def test_only_its_owner_reads_it_whatever_the_umask(self, folder: Path) -> None:
        before = os.umask(0)
        try:
            main()
        finally:
            os.umask(before)

        assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600

    def test_every_machine_has_a_secret_of_its_own(self, folder: Path) -> None:
        write_first_env(folder / "one", port=8000)
        write_first_env(folder / "two", port=8000)

        assert (folder / "one").read_text() != (folder / "two").read_text()

    def test_a_file_that_is_there_stays_as_it_is(self, folder: Path) -> None:
        (folder / ".env").write_text("SECRET_KEY=mine\n")

        main()

        assert (folder / ".env").read_text() == "SECRET_KEY=mine\n"

    def test_the_product_reads_what_was_written(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("SECRET_KEY", "SITE_URL", "PORT", "DEMO"):
            monkeypatch.setenv(name, "")
            monkeypatch.delenv(name)
        main()

        environ.Env.read_env(str(folder / ".env"))

        assert {n: os.environ[n] for n in settings_of(folder / ".env")} == settings_of(
            folder / ".env"
        )
