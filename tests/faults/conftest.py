"""A site of its own for every test, made once and copied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.site import Site, copy_of, site_in


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
        sites.append(copy_of(made_site, tmp_path, **extra))
        return sites[-1]

    yield make
    for site in sites:
        site.installation.stop_all()


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()
