"""Migrations: none missing, named, linear, and every one can be taken back."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

# Every app of ours, those that lean on others first.
APPS = ["analytics", "engagement", "portfolio", "gallery", "events", "accounts", "lib"]
NAME = re.compile(r"(?P<number>\d{4})_(?!auto_|initial$)[a-z][a-z0-9]*(_[a-z0-9]+)*")


@pytest.fixture(scope="module")
def loader() -> MigrationLoader:
    """The migrations as they lie on disk."""
    return MigrationLoader(None)


def names_of(loader: MigrationLoader, app: str) -> list[str]:
    """Return the names of one app's migrations in their order."""
    return sorted(name for label, name in loader.disk_migrations if label == app)


class CompleteTests:
    def test_no_app_of_ours_is_left_out(self) -> None:
        ours = {
            config.label
            for config in apps.get_app_configs()
            if Path(config.path).is_relative_to(settings.BASE_DIR)
            and not Path(config.path).is_relative_to(Path(sys.prefix))
            and list(config.get_models())
        }

        assert ours == set(APPS)

    @pytest.mark.parametrize("app", APPS)
    def test_an_app_has_a_package_of_migrations(self, app: str) -> None:
        assert (Path(apps.get_app_config(app).path) / "migrations" / "__init__.py").is_file()

    def test_no_model_has_changed_without_one(self, db: None) -> None:
        said = StringIO()

        call_command("makemigrations", check_changes=True, dry_run=True, stdout=said)

        assert said.getvalue() == "No changes detected\n"


@pytest.mark.parametrize("app", APPS)
class OrderTests:
    def test_each_one_says_what_it_does(self, loader: MigrationLoader, app: str) -> None:
        assert [name for name in names_of(loader, app) if not NAME.fullmatch(name)] == []

    def test_they_are_numbered_without_a_gap(self, loader: MigrationLoader, app: str) -> None:
        names = names_of(loader, app)

        assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))

    def test_each_one_follows_the_one_before(self, loader: MigrationLoader, app: str) -> None:
        names = names_of(loader, app)

        before = {
            name: [
                parent
                for label, parent in loader.disk_migrations[app, name].dependencies
                if label == app
            ]
            for name in names
        }

        assert before == {
            name: [names[place - 1]] if place else [] for place, name in enumerate(names)
        }

    def test_every_step_can_be_taken_back(self, loader: MigrationLoader, app: str) -> None:
        steps = [
            operation
            for name in names_of(loader, app)
            for operation in loader.disk_migrations[app, name].operations
        ]

        assert [step.describe() for step in steps if not step.reversible] == []


@pytest.fixture
def scratch(tmp_path: Path, db: None) -> Iterator[str]:
    """The address of an empty database of the kind that the suite runs on."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path / 'scratch.sqlite3'}"
        return
    chosen = connection.settings_dict
    name = f"{chosen['NAME']}_scratch"
    host = f"{chosen['HOST'] or '127.0.0.1'}:{chosen['PORT'] or 5432}"
    administer(f'DROP DATABASE IF EXISTS "{name}"')
    administer(f'CREATE DATABASE "{name}"')
    yield f"postgres://{chosen['USER']}:{chosen['PASSWORD']}@{host}/{name}"
    administer(f'DROP DATABASE "{name}"')


def administer(statement: str) -> None:
    """Run a statement that PostgreSQL refuses inside a transaction."""
    other = connection.copy("administration")
    other.settings_dict = {**connection.settings_dict, "NAME": "postgres"}
    other.settings_dict["OPTIONS"] = {
        name: value for name, value in other.settings_dict["OPTIONS"].items() if name != "pool"
    }
    try:
        with other.cursor() as cursor:
            cursor.execute(statement)
    finally:
        other.close()


BACK_AND_FORTH = """
import sys
import django
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0)
for app in sys.argv[1:]:
    call_command("migrate", app, "zero", verbosity=0)
call_command("showmigrations", *sys.argv[1:])
call_command("migrate", verbosity=0)
print("and again")
call_command("showmigrations", *sys.argv[1:])
"""


class ReversibleTests:
    def test_all_of_them_go_back_to_nothing_and_forward_again(self, scratch: str) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "hafiportrait.settings",
            "ENV_FILE": os.devnull,
            "SECRET_KEY": "only-for-the-suite-" + "x" * 40,
            "SITE_URL": "http://testserver",
            "DATABASE_URL": scratch,
        }

        ended = subprocess.run(
            [sys.executable, "-c", BACK_AND_FORTH, *APPS],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=settings.BASE_DIR,
        )

        back, _, forth = ended.stdout.partition("and again")
        assert (ended.returncode, ended.stderr) == (0, "")
        assert (back.count("[X]"), forth.count("[ ]")) == (0, 0)
        assert back.count("[ ]") == forth.count("[X]") >= len(APPS)
