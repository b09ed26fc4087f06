"""The studio's page of every component."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.conf import settings as site_settings
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from hafiportrait.accounts.models import User
from hafiportrait.components import COLOURS, ICONS

pytestmark = pytest.mark.django_db

LogIn = Callable[[User], Client]
COMPONENTS = site_settings.BASE_DIR / "templates" / "components"
STYLES = site_settings.BASE_DIR / "static" / "css"


@pytest.fixture
def studio(hafi: User, log_in: LogIn, settings: Settings) -> Client:
    settings.SECOND_FACTOR_REQUIRED = False
    return log_in(hafi)


class ComponentsTests:
    def test_photographers_see_every_component(self, studio: Client) -> None:
        response = studio.get(reverse("components"))

        drawn = {template.name for template in response.templates}
        ours = {f"components/{path.name}" for path in COMPONENTS.glob("*.html")}
        assert response.status_code == 200
        assert ours - drawn == set()

    def test_it_shows_both_sets_of_colours(self, studio: Client) -> None:
        text = studio.get(reverse("components")).content.decode()

        assert re.findall(r'class="specimens__set (on-\w+)"', text) == ["on-light", "on-dark"]

    def test_nothing_on_it_has_the_name_of_another_thing(self, studio: Client) -> None:
        text = studio.get(reverse("components")).content.decode()

        ids = re.findall(r'\sid="([^"]+)"', text)
        photos = [one for one in ids if one.startswith("photo-")]
        assert sorted(set(ids) - set(photos)) == sorted(one for one in ids if one not in photos)

    def test_a_client_is_not_let_in(self, budi: User, log_in: LogIn) -> None:
        response = log_in(budi).get(reverse("components"))

        assert response.status_code == 302
        assert response.headers["Location"].startswith(reverse("admin:login"))

    def test_a_stranger_is_asked_to_log_in(self, dimas: Client) -> None:
        response = dimas.get(reverse("components"))

        assert response.status_code == 302
        assert response.headers["Location"].count("login") == 1

    def test_only_reading_is_allowed(self, studio: Client) -> None:
        assert studio.post(reverse("components")).status_code == 405


class SheetTests:
    def test_the_page_shows_every_icon(self) -> None:
        source = (STYLES / "components.css").read_text()

        places = re.findall(r"--icon-([\w-]+): (\d+);", source)
        assert places == [(icon, str(place)) for place, icon in enumerate(ICONS)]
        assert source.count("%3Cpath ") == len(ICONS)
        assert f"--icons-size: 100% {len(ICONS)}00%;" in source
        assert f"--icons-step: calc(100% / {len(ICONS) - 1});" in source
        assert re.findall(r"\.icon--([\w-]+) \{", source) == list(ICONS)

    def test_the_page_shows_its_colours(self) -> None:
        source = (STYLES / "specimens.css").read_text()

        assert re.findall(r"swatch--[\w-]+ \{\s+background: var\(--([\w-]+)\)", source) == COLOURS
