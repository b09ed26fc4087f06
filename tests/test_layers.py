"""The house has floors: an import points down, never up or sideways."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from django.apps import apps
from django.conf import settings

FLOORS = ["demo", "analytics", "engagement | portfolio", "gallery", "events"]


def contracts() -> list[dict[str, object]]:
    """Return the contracts that `lint-imports` holds us to."""
    text = (settings.BASE_DIR / "pyproject.toml").read_text()
    found: list[dict[str, object]] = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    return found


class LayersTests:
    def test_every_contract_is_kept(self) -> None:
        command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]

        ended = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True)

        assert ended.returncode == 0, ended.stdout

    def test_the_floors_are_those_of_the_design(self) -> None:
        assert contracts()[0]["layers"] == [*FLOORS, "hafiportrait.accounts", "hafiportrait.lib"]

    def test_no_app_of_ours_stands_beside_the_house(self) -> None:
        floors = str(contracts()[0]["layers"])
        ours = {
            config.name
            for config in apps.get_app_configs()
            if Path(config.path).parent in {settings.BASE_DIR, settings.BASE_DIR / "hafiportrait"}
        }

        assert {name for name in ours if name not in floors} == set()
        assert ours >= {"events", "hafiportrait.lib"}
