"""Which pages are kept for everybody, and for how long: no guest and no release decides alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from events.models import Event
from gallery import fragments, services
from gallery.models import Photo
from hafiportrait.accounts.models import User
from hafiportrait.lib import keyset
from tests.factories import ChapterFactory, EventFactory, ready_photo

pytestmark = pytest.mark.django_db

GALLERY = "/e/budi-ani/"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def photos(event: Event, monkeypatch: pytest.MonkeyPatch) -> list[Photo]:
    """Seven photos, and three pages that hold them."""
    monkeypatch.setattr(fragments, "PAGE_PHOTOS", 3)
    return [ready_photo(event) for _ in range(7)]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages that were drawn and not taken from the cache, by the queries of their addresses."""
    pages: list[str] = []
    draw = fragments._draw_page

    def note_and_draw(visit: Any, query: Any, *more: Any, **named: Any) -> Any:
        pages.append(query.text)
        return draw(visit, query, *more, **named)

    monkeypatch.setattr(fragments, "_draw_page", note_and_draw)
    return pages


@pytest.fixture
def _a_release_of_its_own() -> Any:
    """Forget the release's name, before and after what the test changes about it."""
    fragments.release.cache_clear()
    yield
    fragments.release.cache_clear()


def photo_ids(client: Client, query: str = "") -> list[str]:
    page = client.get(GALLERY + query)
    assert page.status_code == 200
    return re.findall(r'data-photo-id="([0-9a-f-]{36})"', page.content.decode())


def next_query(client: Client, query: str = "") -> str:
    """Return the query of the page to which a page leads."""
    page = client.get(GALLERY + query).content.decode()
    found = re.search(r'rel="next"\s+href="/e/budi-ani/([^"]+)"', page)
    assert found is not None
    return found[1].replace("&amp;", "&")


def ids(photos: list[Photo]) -> list[str]:
    return [str(photo.pk) for photo in photos]


def self_made(number: int) -> str:
    """Return the query of a page that no page leads to, though its cursor can be read."""
    return f"?cursor={keyset.encode([-number, LONG_AGO, UUID(int=number)])}"


class KeptPageTests:
    def test_the_pages_to_which_pages_lead_are_drawn_once_for_all(
        self,
        photos: list[Photo],
        drawn: list[str],
        enter: Callable[[Event], Client],
        event: Event,
    ) -> None:
        seen = []
        for guest in (enter(event), enter(event)):
            second = next_query(guest)
            third = next_query(guest, second)
            seen.append(photo_ids(guest) + photo_ids(guest, second) + photo_ids(guest, third))

        assert drawn == ["", second, third]
        assert seen == [ids(photos)] * 2

    def test_so_are_those_of_a_chapter(
        self, photos: list[Photo], drawn: list[str], sari: Client, event: Event
    ) -> None:
        akad = ChapterFactory.create(event=event, slug="akad")
        inside = [ready_photo(event, chapter=akad) for _ in range(5)]

        second = next_query(sari, "?chapter=akad")
        seen = [photo_ids(sari, second), photo_ids(sari, second)]

        assert drawn == ["?chapter=akad", second]
        assert seen == [ids(inside[3:])] * 2

    def test_a_page_that_was_open_while_the_gallery_changed_leads_to_one_that_is_kept(
        self, photos: list[Photo], drawn: list[str], sari: Client
    ) -> None:
        second = next_query(sari)
        services.save_typed(photo=photos[0], fields={"caption"})

        photo_ids(sari, second)
        photo_ids(sari, second)

        assert drawn == ["", second]

    def test_what_is_new_after_a_number_is_drawn_each_time(
        self, photos: list[Photo], drawn: list[str], sari: Client
    ) -> None:
        seen = [photo_ids(sari, "?show=new&after=4") for _ in range(2)]

        assert drawn == ["?show=new&after=4"] * 2
        assert seen == [ids(photos[4:])] * 2

    def test_a_cursor_that_no_page_gave_is_answered_and_not_kept(
        self, photos: list[Photo], drawn: list[str], sari: Client
    ) -> None:
        seen = [photo_ids(sari, self_made(number)) for number in (1, 2, 1)]

        assert drawn == [self_made(1), self_made(2), self_made(1)]
        assert seen == [ids(photos[:3])] * 3

    def test_nor_is_the_page_to_which_such_a_page_leads(
        self, photos: list[Photo], drawn: list[str], sari: Client
    ) -> None:
        place = [getattr(photos[0], name) for name in ("display_order", "sort_at", "id")]
        between = next_query(sari, f"?cursor={keyset.encode(place)}")
        drawn.clear()

        seen = [photo_ids(sari, between) for _ in range(2)]

        assert drawn == [between] * 2
        assert seen == [ids(photos[4:])] * 2

    @pytest.mark.parametrize("other", ["?show=new&after=1", "?chapter=akad"])
    def test_what_one_list_gave_is_not_kept_for_another(
        self, photos: list[Photo], drawn: list[str], sari: Client, event: Event, other: str
    ) -> None:
        akad = ChapterFactory.create(event=event, slug="akad")
        Photo.objects.exclude(pk=photos[0].pk).update(chapter=akad)
        given = f"?cursor={next_query(sari, other).rpartition('cursor=')[2]}"
        drawn.clear()

        for _ in range(2):
            photo_ids(sari, given)

        assert drawn == [given] * 2

    def test_nor_what_another_event_gave(
        self,
        photos: list[Photo],
        drawn: list[str],
        sari: Client,
        enter: Callable[[Event], Client],
    ) -> None:
        other = EventFactory.create(slug="other")
        for _ in photos:
            ready_photo(other)
        page = enter(other).get("/e/other/").content.decode()
        given = re.findall(r'rel="next"\s+href="/e/other/([^"]+)"', page)[0]
        drawn.clear()

        for _ in range(2):
            photo_ids(sari, given)

        assert drawn == [given] * 2

    def test_what_the_couple_was_given_is_not_kept_for_guests(
        self,
        photos: list[Photo],
        drawn: list[str],
        sari: Client,
        log_in: Callable[[User], Client],
        budi: User,
    ) -> None:
        services.set_visibility(
            photos=Photo.objects.filter(pk=photos[0].pk), visibility=Photo.Visibility.CLIENT
        )
        second = next_query(log_in(budi))
        drawn.clear()

        for _ in range(2):
            photo_ids(sari, second)

        assert drawn == [second] * 2

    def test_a_page_behind_a_cursor_costs_what_the_first_one_does(
        self,
        photos: list[Photo],
        sari: Client,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        second = next_query(sari)

        with django_assert_num_queries(5):  # event, numbers and cover, photos, likes, page view
            sari.get(GALLERY + second)
        with django_assert_num_queries(3):  # event, likes, page view
            sari.get(GALLERY + second)


@pytest.mark.usefixtures("_a_release_of_its_own")
class ReleaseTests:
    def test_a_page_does_not_outlive_the_release_that_drew_it(
        self, photos: list[Photo], drawn: list[str], sari: Client, settings: Settings
    ) -> None:
        photo_ids(sari)

        settings.STUDIO_NAME = "Studio Lain"
        fragments.release.cache_clear()
        page = sari.get(GALLERY).content.decode()

        assert drawn == ["", ""]
        assert "Studio Lain" in page

    def test_it_is_named_once_for_all_pages(self, photos: list[Photo], sari: Client) -> None:
        for query in ("", "", "?show=new"):
            photo_ids(sari, query)

        assert fragments.release.cache_info().misses == 1

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("SECRET_KEY", "another-key"),
            ("SITE_URL", "https://foto.example"),
            ("STUDIO_NAME", "Studio Lain"),
            ("STATIC_URL", "https://cdn.example/static/"),
            ("PHOTO_STORAGE_OPTIONS", {"bucket_name": "foto"}),
        ],
    )
    def test_a_setting_that_pages_show_is_another_release(
        self, settings: Settings, name: str, value: Any
    ) -> None:
        before = fragments.release()
        fragments.release.cache_clear()

        setattr(settings, name, value)

        assert fragments.release() != before

    def test_another_manifest_of_static_files_is_another_release(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = fragments.release()
        fragments.release.cache_clear()

        monkeypatch.setattr(staticfiles_storage, "manifest_hash", "abc", raising=False)

        assert fragments.release() != before

    @pytest.mark.parametrize(
        "file",
        [
            "templates/components/photo_tile.html",
            "locale/id/LC_MESSAGES/django.mo",
            "gallery/tiles.py",
            "engagement/templatetags/likes.py",
        ],
    )
    def test_another_template_translation_or_code_is_another_release(
        self, tmp_path: Path, settings: Settings, file: str
    ) -> None:
        settings.BASE_DIR = tmp_path
        for name in ("gallery/__init__.py", "engagement/__init__.py", file):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        before = fragments.release()
        fragments.release.cache_clear()

        (tmp_path / file).write_text("changed")

        assert fragments.release() != before

    def test_what_is_not_ours_does_not_matter(self, tmp_path: Path, settings: Settings) -> None:
        settings.BASE_DIR = tmp_path
        (tmp_path / "var" / "media").mkdir(parents=True)
        before = fragments.release()
        fragments.release.cache_clear()

        (tmp_path / "var" / "media" / "notes.html").write_text("a guest's file")

        assert fragments.release() == before
