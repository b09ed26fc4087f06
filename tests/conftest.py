"""The people of the suite, and a clean place for their photos."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from hypothesis import settings as hypothesis_settings

from events.models import Event
from hafiportrait.accounts.models import User
from tests.factories import EventFactory, UserFactory

# Speed is proved by benchmarks, never by a test; and a suite says the same twice.
hypothesis_settings.register_profile("suite", deadline=None, derandomize=True, database=None)
hypothesis_settings.load_profile("suite")


@pytest.fixture(autouse=True)
def _clean_places() -> Iterator[None]:
    yield
    cache.clear()
    shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)


@pytest.fixture
def media_root() -> Path:
    return Path(settings.MEDIA_ROOT)


@pytest.fixture
def hafi(db: None) -> User:
    """The photographer, who owns the studio."""
    user: User = UserFactory.create(
        email="hafi@example.com", full_name="Hafi", role=User.Role.ADMIN
    )
    return user


@pytest.fixture
def mira(db: None) -> User:
    """The photographer's assistant."""
    user: User = UserFactory.create(
        email="mira@example.com", full_name="Mira", role=User.Role.ADMIN
    )
    return user


@pytest.fixture
def budi(db: None) -> User:
    """The client of the event."""
    user: User = UserFactory.create(email="budi@example.com", full_name="Budi")
    return user


@pytest.fixture
def ani(db: None) -> User:
    """Budi's partner, with a log-in of her own."""
    user: User = UserFactory.create(email="ani@example.com", full_name="Ani")
    return user


@pytest.fixture
def event(budi: User, ani: User) -> Event:
    """The wedding of Budi and Ani, open to guests."""
    made: Event = EventFactory.create(client=budi, slug="budi-ani", access_code="KEBAYA77")
    made.partners.add(ani)
    return made


@pytest.fixture
def dimas() -> Client:
    """A stranger's browser."""
    return Client()


@pytest.fixture
def enter() -> Callable[[Event], Client]:
    """Return a function that gives a guest's browser, admitted to an event by its QR code."""

    def enter_event(event: Event) -> Client:
        client = Client()
        client.get(f"/q/{event.access_code}/")
        return client

    return enter_event


@pytest.fixture
def sari(event: Event, enter: Callable[[Event], Client]) -> Client:
    """A guest's browser, admitted to the wedding."""
    return enter(event)


@pytest.fixture
def log_in() -> Callable[[User], Client]:
    """Return a function that gives the browser of somebody who is logged in."""

    def log_in_as(user: User) -> Client:
        client = Client()
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        return client

    return log_in_as
