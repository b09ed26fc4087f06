"""The projector wall: who may open it, and that it shows only what everybody may see."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from events.models import Event, GuestSession
from gallery import live_views
from gallery.models import Photo
from hafiportrait.accounts.models import User
from tests.factories import EventFactory, PhotoFactory, ready_photo

pytestmark = pytest.mark.django_db

WALL = "/e/budi-ani/slideshow/"


def wall(client: Client) -> str:
    response = client.get(WALL)
    assert response.status_code == 200
    return response.content.decode()


def photo_ids(client: Client) -> list[str]:
    return re.findall(r'data-photo-id="([0-9a-f-]{36})"', wall(client))


def sources(client: Client) -> list[list[str]]:
    """Return the file and width of each photo's pictures."""
    found = re.findall(r'data-sources="([^"]+)"', wall(client))
    return [re.findall(r"/(\w+\.webp \d+)", text) for text in found]


class SlideshowDoorTests:
    def test_a_stranger_is_asked_for_the_code(self, dimas: Client, event: Event) -> None:
        response = dimas.get(WALL)

        assert response.status_code == 302
        assert response["Location"] == "/e/budi-ani/enter/?next=%2Fe%2Fbudi-ani%2Fslideshow%2F"

    def test_the_wall_of_a_stranger_gets_403(self, dimas: Client, event: Event) -> None:
        assert dimas.get(WALL, headers={"sec-fetch-dest": "empty"}).status_code == 403

    def test_an_unknown_event_is_not_found(self, sari: Client) -> None:
        assert sari.get("/e/nobody/slideshow/").status_code == 404

    def test_an_archived_event_is_gone(self, sari: Client) -> None:
        Event.objects.update(status=Event.Status.ARCHIVED)

        assert sari.get(WALL).status_code == 410

    def test_posting_is_refused(self, sari: Client) -> None:
        assert sari.post(WALL).status_code == 405


class SlideshowTests:
    @pytest.mark.parametrize("who", ["guest", "client", "staff"])
    def test_whoever_opens_it_only_photos_for_everyone_are_on_the_wall(
        self,
        who: str,
        sari: Client,
        log_in: Callable[[User], Client],
        budi: User,
        hafi: User,
        event: Event,
    ) -> None:
        client = {"guest": sari, "client": log_in(budi), "staff": log_in(hafi)}[who]
        shown = ready_photo(event)
        ready_photo(event, visibility=Photo.Visibility.CLIENT)
        ready_photo(event, deleted_at=timezone.now())
        PhotoFactory.create(event=event)
        ready_photo(EventFactory.create())

        assert photo_ids(client) == [str(shown.pk)]

    def test_the_newest_come_first_whenever_they_were_taken(
        self, sari: Client, event: Event
    ) -> None:
        first = ready_photo(event, sort_at=timezone.now())
        second = ready_photo(event)

        assert photo_ids(sari) == [str(second.pk), str(first.pk)]

    def test_the_list_has_an_end(
        self, sari: Client, event: Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live_views, "WALL_PHOTOS", 2)
        _, second, third = [ready_photo(event) for _ in range(3)]

        assert photo_ids(sari) == [str(third.pk), str(second.pk)]

    def test_pictures_come_in_the_two_largest_sizes(self, sari: Client, event: Event) -> None:
        ready_photo(event)
        ready_photo(event, width=4000, height=6000)

        assert sources(sari) == [
            ["w1600.webp 1067", "w2400.webp 1600"],
            ["w1600.webp 1600", "w2400.webp 2400"],
        ]

    def test_a_small_photo_comes_as_large_as_it_is(self, sari: Client, event: Event) -> None:
        ready_photo(event, width=700, height=500)
        ready_photo(event, width=1700, height=500)

        assert sources(sari) == [
            ["w1600.webp 1600", "w2400.webp 1700"],
            ["w800.webp 700"],
        ]

    def test_it_knows_the_answer_that_live_updates_would_give(
        self, sari: Client, event: Event
    ) -> None:
        ready_photo(event)
        page = wall(sari)
        after = re.findall(r'data-after="(\d+)"', page)
        etag = re.findall(r'data-etag="&quot;(.+)&quot;"', page)

        response = sari.get(
            "/e/budi-ani/new/", {"after": after[0]}, headers={"if-none-match": f'"{etag[0]}"'}
        )

        assert after == ["1"]
        assert response.status_code == 304

    def test_no_page_for_guests_carries_the_code(self, sari: Client, event: Event) -> None:
        assert event.access_code not in wall(sari)
        assert "/e/budi-ani/qr.png" in wall(sari)

    def test_an_empty_gallery_waits(self, sari: Client, event: Event) -> None:
        assert re.search(r"data-wall-coming\s*>", wall(sari))
        ready_photo(event)
        assert re.search(r"data-wall-coming\s+hidden\s*>", wall(sari))

    def test_search_engines_are_sent_away_and_the_page_is_asked_for_each_time(
        self, sari: Client, event: Event
    ) -> None:
        response = sari.get(WALL)

        assert '<meta name="robots" content="noindex">' in response.content.decode()
        assert response["Cache-Control"] == "private, no-cache"
        assert {name.strip() for name in response["Vary"].split(",")} >= {
            "Cookie",
            "Accept-Language",
        }

    def test_without_scripts_it_says_so_and_leads_back(self, sari: Client, event: Event) -> None:
        (plain,) = re.findall(r"<p [^>]*data-wall-plain>(.*?)</p>", wall(sari), re.DOTALL)

        assert 'href="/e/budi-ani/"' in plain

    def test_opening_it_counts_and_asking_again_does_not(self, sari: Client, event: Event) -> None:
        wall(sari)
        wall(sari)
        sari.get(WALL, headers={"sec-fetch-dest": "empty"})

        assert GuestSession.objects.get().page_views == 2

    @pytest.mark.parametrize("count", [1, 3])
    def test_it_costs_two_queries(
        self,
        sari: Client,
        event: Event,
        count: int,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for _ in range(count):
            ready_photo(event)
        wall(sari)

        with django_assert_num_queries(2):  # event, photos
            sari.get(WALL, headers={"sec-fetch-dest": "empty"})
