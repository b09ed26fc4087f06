"""The page of one photo: the lightbox without JavaScript."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from events.models import Event
from gallery.models import Photo
from tests.factories import NOBODY, EventFactory, ready_photo

pytestmark = pytest.mark.django_db


def address(photo: Photo) -> str:
    return f"/e/budi-ani/photos/{photo.pk}/"


class PhotoDetailDoorTests:
    def test_a_stranger_is_asked_for_the_code(self, dimas: Client, event: Event) -> None:
        assert dimas.get(address(ready_photo(event))).status_code == 302

    def test_a_photo_of_another_event_is_not_found(self, sari: Client) -> None:
        assert sari.get(address(ready_photo(EventFactory.create()))).status_code == 404

    def test_a_client_only_photo_is_not_found(self, sari: Client, event: Event) -> None:
        hidden = ready_photo(event, visibility=Photo.Visibility.CLIENT)

        assert sari.get(address(hidden)).status_code == 404

    @pytest.mark.parametrize("photo", ["junk", NOBODY, "1", "%00"])
    def test_junk_is_not_found(self, sari: Client, photo: str) -> None:
        assert sari.get(f"/e/budi-ani/photos/{photo}/").status_code == 404

    def test_posting_is_refused(self, sari: Client, event: Event) -> None:
        assert sari.post(address(ready_photo(event))).status_code == 405


class PhotoDetailTests:
    @pytest.mark.parametrize("chapter", ["nobody", "%00", "akad%00", "%F0%9F%92%9B"])
    def test_a_chapter_that_there_is_not_leaves_the_whole_gallery(
        self, sari: Client, event: Event, chapter: str
    ) -> None:
        photo, following = ready_photo(event), ready_photo(event)

        response = sari.get(f"{address(photo)}?chapter={chapter}")

        assert response.status_code == 200
        assert address(following) in response.content.decode()

    def test_it_leads_to_its_neighbours_in_the_gallery_s_order(
        self, sari: Client, event: Event
    ) -> None:
        now = timezone.now()
        first, middle, last = (
            ready_photo(event, sort_at=now + timedelta(minutes=n)) for n in range(3)
        )
        ready_photo(event, sort_at=now, visibility=Photo.Visibility.CLIENT)

        page = sari.get(address(middle)).content.decode()

        assert address(first) in page
        assert address(last) in page

    def test_downloads_are_offered_only_where_they_are_allowed(
        self, sari: Client, event: Event
    ) -> None:
        photo = ready_photo(event)
        offered = f"{address(photo)}download/"
        assert offered in sari.get(address(photo)).content.decode()

        Event.objects.update(allow_downloads=False)

        assert offered not in sari.get(address(photo)).content.decode()

    def test_it_shows_renditions_only(self, sari: Client, event: Event) -> None:
        photo = ready_photo(event)

        page = sari.get(address(photo)).content.decode()

        assert "/w1600.webp" in page
        assert "original.jpg" not in page

    def test_its_cost_is_fixed(
        self, sari: Client, event: Event, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        photo = [ready_photo(event) for _ in range(3)][1]
        sari.get(address(photo))

        # Event, photo, its place, before, after, likes, comments, the guest's name, page view.
        with django_assert_num_queries(9):
            sari.get(address(photo))
