"""What the documents say about settings is what the sources read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps

from tests.installation import ROOT

READS = re.compile(r"""\benv\.[a-z_]+\(\s*["']([A-Z][A-Z0-9_]+)["']""")
SOURCES = ("hafiportrait/settings.py", "gunicorn.conf.py")
IN_EXAMPLE = re.compile(r"^#?([A-Z][A-Z0-9_]+)=", re.MULTILINE)
IN_TABLE = re.compile(r"^\| `([A-Z][A-Z0-9_]+)`", re.MULTILINE)
OUR_APPS = ("accounts", "analytics", "engagement", "events", "gallery", "lib", "portfolio")
SECRETS = {"SECRET_KEY", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"}


def settings_read() -> set[str]:
    """Return the names of all settings that the product reads."""
    return {name for path in SOURCES for name in READS.findall((ROOT / path).read_text())}


class SettingsTests:
    def test_the_example_names_every_setting_and_no_other(self) -> None:
        assert set(IN_EXAMPLE.findall((ROOT / ".env.example").read_text())) == settings_read()

    def test_the_readme_names_every_setting_and_no_other(self) -> None:
        assert set(IN_TABLE.findall((ROOT / "README.md").read_text())) == settings_read()

    @pytest.mark.parametrize("name", sorted(SECRETS))
    def test_no_secret_stands_in_the_example(self, name: str) -> None:
        lines = (ROOT / ".env.example").read_text().splitlines()

        assert [line for line in lines if line.lstrip("#").startswith(f"{name}=")] in (
            [f"{name}="],
            [f"#{name}="],
        )


class DataModelTests:
    def test_every_table_is_told_with_exactly_its_columns(self) -> None:
        document = (ROOT / "docs/data-model.md").read_text()
        told = {
            name: set(re.findall(r"`(\w+)`", columns))
            for name, columns in re.findall(
                r"^### (\w+)$.*?^Columns: (.*?)\.$", document, re.MULTILINE | re.DOTALL
            )
        }

        assert told == {
            model._meta.db_table: {field.column for field in model._meta.local_concrete_fields}
            for app in OUR_APPS
            for model in apps.get_app_config(app).get_models()
        }


class LinkTests:
    @pytest.mark.parametrize(
        "path",
        [
            *(p.name for p in ROOT.glob("*.md")),
            *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")),
        ],
    )
    def test_every_link_to_a_file_of_ours_leads_somewhere(self, path: str) -> None:
        document = ROOT / path
        links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", document.read_text())

        assert [link for link in links if not (document.parent / link).exists()] == []


class MakefileTests:
    def test_every_command_of_the_documents_exists(self) -> None:
        targets = set(re.findall(r"^([a-z-]+):", Path(ROOT / "Makefile").read_text(), re.MULTILINE))
        documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]

        named = {
            target
            for document in documents
            for target in re.findall(r"`make ([a-z-]+)", document.read_text())
        }

        assert named - targets == set()
