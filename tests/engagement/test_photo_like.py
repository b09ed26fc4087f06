"""Likes: one per guest and photo, counted exactly, and answered to people and scripts alike."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from engagement import limits, services
from engagement.models import PhotoLike
from events.models import Event, GuestSession
from gallery.models import Photo
from gallery.services import delete_photos
from hafiportrait.accounts.models import User
from hafiportrait.lib.ratelimit import Limit
from tests.factories import NOBODY, EventFactory, GuestSessionFactory, ready_photo

pytestmark = pytest.mark.django_db

Enter = Callable[[Event], Client]
AS_SCRIPT = {"Accept": "application/json"}


@pytest.fixture
def photo(event: Event) -> Photo:
    return ready_photo(event)


def address(photo: Photo | str) -> str:
    return f"/e/budi-ani/photos/{photo.pk if isinstance(photo, Photo) else photo}/like/"


def like(browser: Client, photo: Photo, **fields: str) -> Any:
    return browser.post(address(photo), fields, headers=AS_SCRIPT)


def count_of(photo: Photo) -> tuple[int, int]:
    """Return the number that the photo says, and the number of rows."""
    photo.refresh_from_db()
    return photo.like_count, PhotoLike.objects.filter(photo=photo).count()


class PhotoLikeDoorTests:
    def test_a_stranger_likes_nothing(self, dimas: Client, photo: Photo) -> None:
        assert like(dimas, photo).status_code == 403
        assert count_of(photo) == (0, 0)

    def test_a_guest_of_another_event_likes_nothing(self, enter: Enter, photo: Photo) -> None:
        assert like(enter(EventFactory.create()), photo).status_code == 403

    def test_a_photo_of_another_event_is_not_found(self, sari: Client) -> None:
        assert like(sari, ready_photo(EventFactory.create())).status_code == 404

    def test_a_client_only_photo_is_not_found_by_guests(
        self, sari: Client, event: Event, budi: User, log_in: Callable[[User], Client]
    ) -> None:
        hidden = ready_photo(event, visibility=Photo.Visibility.CLIENT)

        assert like(sari, hidden).status_code == 404
        assert like(log_in(budi), hidden).json() == {"liked": True, "count": 1}

    def test_a_deleted_photo_is_not_found(self, sari: Client, photo: Photo) -> None:
        delete_photos(photos=Photo.objects.filter(pk=photo.pk))

        assert like(sari, photo).status_code == 404

    @pytest.mark.parametrize("photo_id", ["junk", NOBODY, "1", "%00"])
    def test_junk_is_not_found(self, sari: Client, photo_id: str) -> None:
        assert sari.post(address(photo_id)).status_code == 404

    def test_looking_is_refused(self, sari: Client, photo: Photo) -> None:
        assert sari.get(address(photo)).status_code == 405
        assert count_of(photo) == (0, 0)

    def test_a_closed_gallery_takes_no_likes(
        self, sari: Client, photo: Photo, event: Event
    ) -> None:
        Event.objects.filter(pk=event.pk).update(status=Event.Status.ARCHIVED)

        assert like(sari, photo).status_code == 410


class PhotoLikeTests:
    def test_it_turns_over(self, sari: Client, photo: Photo) -> None:
        answers = [like(sari, photo).json() for _ in range(3)]

        assert answers == [
            {"liked": True, "count": 1},
            {"liked": False, "count": 0},
            {"liked": True, "count": 1},
        ]
        assert count_of(photo) == (1, 1)

    def test_saying_which_sets_it_whatever_it_was(self, sari: Client, photo: Photo) -> None:
        liked = [like(sari, photo, liked=said).json()["liked"] for said in "1100"]

        assert liked == [True, True, False, False]
        assert count_of(photo) == (0, 0)

    @pytest.mark.parametrize("said", ["", "2", "true", "-1", "\x00", "💛", "1 "])
    def test_anything_else_is_a_bad_request(self, sari: Client, photo: Photo, said: str) -> None:
        answer = like(sari, photo, liked=said)

        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
        assert count_of(photo) == (0, 0)

    def test_two_guests_count_twice(self, sari: Client, enter: Enter, photo: Photo) -> None:
        like(sari, photo)

        assert like(enter(photo.event), photo).json() == {"liked": True, "count": 2}

    def test_a_guest_who_saw_no_page_gets_a_session_row(self, sari: Client, photo: Photo) -> None:
        assert GuestSession.objects.count() == 0

        like(sari, photo)

        assert PhotoLike.objects.get().session == GuestSession.objects.get()

    def test_the_gallery_s_cached_pages_stay(self, sari: Client, photo: Photo) -> None:
        before = Event.objects.get(pk=photo.event_id).gallery_version

        like(sari, photo)

        assert Event.objects.get(pk=photo.event_id).gallery_version == before

    def test_the_photo_s_page_shows_it(self, sari: Client, photo: Photo) -> None:
        like(sari, photo)

        page = sari.get(f"/e/budi-ani/photos/{photo.pk}/").content.decode()

        button = page[: page.index('data-like-count="1"')].rpartition("<button")[2]
        assert 'aria-pressed="true"' in button

    def test_liking_costs_the_same_however_many_do(
        self, sari: Client, photo: Photo, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        like(sari, photo)
        like(sari, photo)
        for _ in range(3):
            services.like_photo(
                photo=photo, session_id=GuestSessionFactory.create().session_id, ip_address=""
            )

        # Event, photo, two limits of two, session; the photo's lock, whether, like, count.
        with django_assert_num_queries(13):
            like(sari, photo)


class WhereToTests:
    def goes_to(self, browser: Client, photo: Photo, **fields: str) -> str:
        answer = browser.post(address(photo), fields)
        assert answer.status_code == 303
        return str(answer["Location"])

    def test_to_the_button_of_the_photo(self, sari: Client, photo: Photo) -> None:
        place = f"/e/budi-ani/photos/{photo.pk}/"

        assert self.goes_to(sari, photo) == f"{place}#like"
        assert '<form id="like"' in sari.get(place).content.decode()

    @pytest.mark.parametrize("here", ["/e/budi-ani/", "/e/budi-ani/?chapter=akad&cursor=x#top"])
    def test_back_to_its_tile_in_the_gallery(self, sari: Client, photo: Photo, here: str) -> None:
        wanted = f"{here.partition('#')[0]}#photo-{photo.pk}"

        assert self.goes_to(sari, photo, next=here) == wanted

    @pytest.mark.parametrize("there", ["https://example.org/", "//example.org", "javascript:x"])
    def test_never_outside(self, sari: Client, photo: Photo, there: str) -> None:
        assert self.goes_to(sari, photo, next=there) == f"/e/budi-ani/photos/{photo.pk}/#like"


class LimitTests:
    def test_a_guest_who_is_faster_than_a_hand_waits(
        self, sari: Client, photo: Photo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        short = Limit("likes-session", most=3, seconds=60)
        monkeypatch.setattr(limits, "LIKES", limits.Pace(short, limits.LIKES.address))

        answers = [like(sari, photo) for _ in range(4)]

        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].json()["error"]["code"] == "too_fast"
        assert 1 <= int(answers[-1]["Retry-After"]) <= 60
        assert count_of(photo) == (1, 1)

    def test_guests_behind_one_address_wait_together(
        self, sari: Client, enter: Enter, photo: Photo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        short = Limit("likes-address", most=2, seconds=60)
        monkeypatch.setattr(limits, "LIKES", limits.Pace(limits.LIKES.session, short))

        answers = [like(guest, photo) for guest in (sari, sari, enter(photo.event))]

        assert [answer.status_code for answer in answers] == [200, 200, 429]

    def test_three_hundred_guests_of_a_venue_like_every_two_seconds(self) -> None:
        assert limits.LIKES.address.most >= 300 * limits.LIKES.address.seconds / 2
        assert limits.LIKES.session.most >= limits.LIKES.session.seconds

    def test_a_body_that_no_button_sends_is_not_read(self, sari: Client, photo: Photo) -> None:
        answer = like(sari, photo, liked="1" * 200_000)

        assert answer.status_code == 413
        assert count_of(photo) == (0, 0)


@pytest.mark.django_db(transaction=True)
class AtOnceTests:
    def storm(self, photo: Photo, sessions: list[str], liked: list[bool | None]) -> None:
        """Have each session like the photo in a thread of its own, all at the same instant."""

        def one(session_id: str, wanted: bool | None) -> None:
            try:
                services.like_photo(photo=photo, session_id=session_id, ip_address="", liked=wanted)
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=16) as threads:
            list(threads.map(one, sessions, liked))

    def test_fifty_likes_of_one_guest_are_one(self, photo: Photo) -> None:
        session: GuestSession = GuestSessionFactory.create()

        self.storm(photo, [session.session_id] * 50, [True] * 50)

        assert count_of(photo) == (1, 1)

    def test_forty_guests_are_forty(self, photo: Photo) -> None:
        sessions = [GuestSessionFactory.create().session_id for _ in range(40)]

        self.storm(photo, sessions, [None] * 40)

        assert count_of(photo) == (40, 40)

    def test_turning_over_all_at_once_leaves_the_number_true(self, photo: Photo) -> None:
        sessions = [GuestSessionFactory.create().session_id for _ in range(4)]

        self.storm(photo, sessions * 15, [None, True, False, None] * 15)

        count, rows = count_of(photo)
        assert count == rows
