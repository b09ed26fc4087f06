"""What is done with photos that are there already, and what guests hear of it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from events.models import Event
from gallery import services
from gallery.models import Photo
from tests import images
from tests.factories import EventFactory, PhotoFactory, ready_photo
from tests.gallery.test_processing import stored, work

pytestmark = pytest.mark.django_db

CLIENT, EVERYONE = Photo.Visibility.CLIENT, Photo.Visibility.EVERYONE


def show(*photos: Photo) -> int:
    return services.set_visibility(photos=these(*photos), visibility=EVERYONE)


def hide(*photos: Photo) -> int:
    return services.set_visibility(photos=these(*photos), visibility=CLIENT)


def these(*photos: Photo) -> QuerySet[Photo]:
    return Photo.objects.filter(pk__in=[photo.pk for photo in photos])


def type_visibility(photo: Photo, visibility: Photo.Visibility) -> None:
    """Save one photo's page in the admin."""
    photo.visibility = visibility
    services.save_typed(photo=photo, fields={"visibility"})


def numbers(*photos: Photo) -> list[int | None]:
    kept = dict(these(*photos).values_list("pk", "sequence"))
    return [kept[photo.pk] for photo in photos]


def last(event: Event) -> int:
    return Event.objects.get(pk=event.pk).last_sequence


class ShowPhotosTests:
    def test_a_photo_that_is_shown_later_is_announced_to_who_saw_a_later_one(
        self, sari: Client, event: Event
    ) -> None:
        photo = ready_photo(event, visibility=CLIENT)
        ready_photo(event)
        seen = sari.get("/e/budi-ani/new/").json()["latest"]

        show(photo)

        news = sari.get("/e/budi-ani/new/", {"after": seen}).json()
        page = sari.get(f"/e/budi-ani/?show=new&after={seen}").content.decode()
        assert news == {"count": 1, "latest": seen + 1, "photos": [str(photo.pk)]}
        assert re.findall(r'data-photo-id="([0-9a-f-]{36})"', page) == [str(photo.pk)]

    def test_so_is_one_that_is_shown_on_its_page(self, event: Event) -> None:
        photo, other = ready_photo(event, visibility=CLIENT), ready_photo(event)

        type_visibility(photo, EVERYONE)

        assert (numbers(photo, other), last(event)) == ([3, 2], 3)

    def test_several_get_their_numbers_in_the_gallery_s_order(self, event: Event) -> None:
        now = timezone.now()
        late = ready_photo(event, visibility=CLIENT, sort_at=now)
        early = ready_photo(event, visibility=CLIENT, sort_at=now - timedelta(hours=1))
        first = ready_photo(event, visibility=CLIENT, sort_at=now, display_order=-1)

        changed = show(late, early, first)

        assert (changed, numbers(first, early, late), last(event)) == (3, [4, 5, 6], 6)

    def test_each_event_has_numbers_of_its_own(self, event: Event) -> None:
        other = EventFactory.create()
        ready_photo(other)
        photos = [ready_photo(e, visibility=CLIENT) for e in (event, other)]

        show(*photos)

        assert (numbers(*photos), last(event), last(other)) == ([2, 3], 2, 3)

    def test_showing_what_is_shown_changes_nothing(self, event: Event) -> None:
        photo = ready_photo(event)
        before = Event.objects.get()

        changed = show(photo)

        after = Event.objects.get()
        assert (changed, numbers(photo)) == (0, [1])
        assert (after.last_sequence, after.gallery_version) == (1, before.gallery_version)

    def test_hiding_changes_no_number(self, event: Event) -> None:
        shown, other = ready_photo(event), ready_photo(event)

        hide(shown)
        type_visibility(other, CLIENT)

        assert (numbers(shown, other), last(event)) == ([1, 2], 2)

    def test_a_caption_changes_no_number(self, event: Event) -> None:
        photo = ready_photo(event, caption="Akad")

        services.save_typed(photo=photo, fields={"caption"})

        assert (numbers(photo), last(event)) == ([1], 1)

    def test_a_photo_that_is_not_ready_gets_its_number_when_it_is(self, event: Event) -> None:
        first = stored(event, images.jpeg(seed=1), visibility=CLIENT)
        second = stored(event, images.jpeg(seed=2), visibility=CLIENT)

        show(first)
        type_visibility(second, EVERYONE)

        assert (numbers(first, second), last(event)) == ([None, None], 0)
        work(first)
        assert sorted(number or 0 for number in numbers(first, second)) == [1, 2]
        assert last(event) == 2

    def test_a_photo_that_failed_stays_without(self, event: Event) -> None:
        photo = PhotoFactory.create(
            event=event, status=Photo.Status.FAILED, due_at=None, visibility=CLIENT
        )

        show(photo)

        assert (numbers(photo), last(event)) == ([None], 0)

    def test_a_deleted_photo_is_not_shown(self, event: Event) -> None:
        photo = ready_photo(event, visibility=CLIENT, deleted_at=timezone.now())

        assert show(photo) == 0
        assert (numbers(photo), last(event)) == ([1], 1)

    def test_the_couple_and_the_studio_count_it_once(
        self, event: Event, budi: Any, hafi: Any, log_in: Any, settings: Any
    ) -> None:
        settings.SECOND_FACTOR_REQUIRED = False
        photo, other = ready_photo(event, visibility=CLIENT), ready_photo(event)

        show(photo)

        for person in (budi, hafi):
            news = log_in(person).get("/e/budi-ani/new/").json()
            assert news == {"count": 2, "latest": 3, "photos": [str(photo.pk), str(other.pk)]}


class ShownMeanwhileTests:
    """Two people show the same photo; the second one waits for the lock of the first."""

    def test_by_the_list_of_photos(self, event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
        photo = ready_photo(event, visibility=CLIENT)
        lock = services._touch

        def lock_once_another_has_shown_it(photos: QuerySet[Photo]) -> Any:
            locked = lock(photos)
            monkeypatch.setattr(services, "_touch", lock)
            show(photo)
            return locked

        monkeypatch.setattr(services, "_touch", lock_once_another_has_shown_it)

        changed = show(photo)

        assert (changed, numbers(photo), last(event)) == (0, [2], 2)

    def test_by_the_photo_s_page(self, event: Event) -> None:
        photo = ready_photo(event, visibility=CLIENT)
        show(photo)

        type_visibility(photo, EVERYONE)

        assert (numbers(photo), last(event)) == ([2], 2)

    @pytest.mark.django_db(transaction=True)
    def test_all_at_once(self, event: Event) -> None:
        photos = [ready_photo(event, visibility=CLIENT) for _ in range(3)]

        def one(_: int) -> int:
            try:
                return show(*photos)
            finally:
                connection.close()

        with ThreadPoolExecutor(max_workers=8) as threads:
            changed = list(threads.map(one, range(8)))

        assert sorted(changed) == [0] * 7 + [3]
        assert (numbers(*photos), last(event)) == ([4, 5, 6], 6)
