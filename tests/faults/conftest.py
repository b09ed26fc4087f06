"""A site of its own for every test, made once and copied."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.site import HOST, Site
from tests.installation import Installation
from tests.ops.servers import free_port


def site_in(folder: Path, **extra: str) -> Site:
    """Return a site that keeps everything below the folder; nothing is made or started yet."""
    port = free_port()
    ours = {
        "PORT": str(port),
        "SITE_URL": f"http://{HOST}:{port}",
        "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
        "LOG_LEVEL": "WARNING",
        # Only what a test names itself: the suite's own database and broker are not meant.
        "REDIS_URL": "",
        "CELERY_BROKER_URL": "",
    }
    return Site(Installation(folder, extra=ours | extra), port)


@pytest.fixture(scope="session")
def made_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site on SQLite with its tables, the photographer and the wedding."""
    site = site_in(tmp_path_factory.mktemp("made"))
    site.make_wedding()
    return site


@pytest.fixture
def make_site(made_site: Site, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Return a function that gives a fresh copy of the site, with settings of its own."""
    sites: list[Site] = []

    def make(**extra: str) -> Site:
        shutil.copy(made_site.installation.folder / "db.sqlite3", tmp_path)
        sites.append(replace(site_in(tmp_path, **extra), event=made_site.event))
        return sites[-1]

    yield make
    for site in sites:
        site.installation.stop_all()


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()
