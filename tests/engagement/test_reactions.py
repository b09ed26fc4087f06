"""What the gallery is told of likes."""

from __future__ import annotations

from uuid import UUID

import pytest
from pytest_django import DjangoAssertNumQueries

from engagement import reactions, services
from events.models import Event, GuestSession
from gallery.models import Photo, PhotoQuerySet
from gallery.reactions import registered
from tests.factories import NOBODY, GuestSessionFactory, ready_photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def photos(event: Event) -> list[Photo]:
    return [ready_photo(event) for _ in range(3)]


@pytest.fixture
def guest(event: Event) -> GuestSession:
    session: GuestSession = GuestSessionFactory.create(event=event)
    return session


def like(photo: Photo, session: GuestSession) -> None:
    services.like_photo(photo=photo, session_id=session.session_id, ip_address="")


class PairsTests:
    def test_they_say_whether_and_how_many(
        self, photos: list[Photo], guest: GuestSession, event: Event
    ) -> None:
        first, second, third = photos
        like(first, guest)
        like(first, GuestSessionFactory.create(event=event))
        like(second, GuestSessionFactory.create(event=event))

        pairs = reactions.pairs(guest.session_id, [photo.pk.hex for photo in photos])

        assert pairs == {
            first.pk.hex: (True, 2),
            second.pk.hex: (False, 1),
            third.pk.hex: (False, 0),
        }

    @pytest.mark.parametrize("number", [1, 3])
    def test_they_are_one_query(
        self,
        photos: list[Photo],
        guest: GuestSession,
        number: int,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        with django_assert_num_queries(1):
            reactions.pairs(guest.session_id, [photo.pk.hex for photo in photos[:number]])

    def test_a_photo_that_is_not_there_is_left_out(self, guest: GuestSession) -> None:
        assert reactions.pairs(guest.session_id, [UUID(NOBODY).hex]) == {}

    def test_no_photos_are_no_pairs(self, guest: GuestSession) -> None:
        assert reactions.pairs(guest.session_id, []) == {}

    def test_the_gallery_asks_here(self) -> None:
        assert registered() is reactions


class LikedByTests:
    def test_only_what_this_guest_likes(
        self, photos: list[Photo], guest: GuestSession, event: Event
    ) -> None:
        like(photos[0], guest)
        like(photos[1], GuestSessionFactory.create(event=event))
        all_photos = Photo.objects.for_event(event)
        assert isinstance(all_photos, PhotoQuerySet)

        liked = reactions.liked_by(all_photos, guest.session_id)

        assert list(liked) == [photos[0]]
