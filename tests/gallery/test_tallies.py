"""The numbers that a gallery says are those of its photos, whatever is done to them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from events.admission import Actor, Audience, Visit
from events.models import Event, GuestSession
from gallery import services
from gallery.listing import Tally, shelf
from gallery.models import Photo, PhotoTally
from gallery.processing import redraw
from tests import images
from tests.factories import ChapterFactory, EventFactory, PhotoFactory, ready_photo
from tests.gallery.test_processing import due_again, stored, work

pytestmark = pytest.mark.django_db


def kept(event: Event, audience: Audience = Audience.CLIENT) -> tuple[dict[str, Tally], Tally]:
    """Return what the gallery says: each chapter's tally by its address, and the whole one."""
    actor = Actor(audience, "0" * 64, GuestSession.EnteredBy.QR.value)
    found = shelf(Visit(event, actor))
    return {chapter.slug: chapter.tally for chapter in found.chapters}, found.everything


def counted(photos: Any) -> Tally:
    """Return the same from the photos themselves."""
    sums = photos.aggregate(Sum("delivery_size", default=0), Sum("web_size", default=0))
    return Tally(photos.count(), sums["delivery_size__sum"], sums["web_size__sum"])


def agree(event: Event) -> bool:
    """Return whether both say the same, for the couple and for guests."""
    ready = Photo.objects.ready().filter(event=event)
    everyone = ready.filter(visibility=Photo.Visibility.EVERYONE)
    for audience, photos in ((Audience.CLIENT, ready), (Audience.GUEST, everyone)):
        chapters, everything = kept(event, audience)
        of_chapters = {c.slug: counted(photos.filter(chapter=c)) for c in event.chapters.all()}
        if everything != counted(photos):
            return False
        if chapters != {slug: tally for slug, tally in of_chapters.items() if tally.photos}:
            return False
    return True


class TallyTests:
    def test_a_published_photo_is_counted_in_its_chapter(self, event: Event) -> None:
        akad = ChapterFactory.create(event=event, slug="akad")
        photo = work(stored(event, images.jpeg(seed=1), chapter=akad))
        work(stored(event, images.jpeg(seed=2)))

        assert agree(event)
        assert photo.web_size == photo.renditions.get(kind="web").bytes
        assert kept(event)[0] == {
            "akad": Tally(1, photo.delivery_size or 0, photo.web_size or 0),
        }
        assert kept(event)[1].photos == 2

    def test_a_redrawn_photo_is_counted_once_with_its_new_bytes(self, event: Event) -> None:
        photo = work(stored(event, images.jpeg((900, 600), seed=1)))
        before = kept(event)[1]
        Event.objects.update(watermark_enabled=True)
        redraw(event=event)

        work(photo)

        assert agree(event)
        assert kept(event)[1].web_bytes != before.web_bytes

    def test_a_photo_that_failed_is_not_counted(self, event: Event) -> None:
        work(stored(event, images.jpeg(seed=1)[:-200]))

        assert kept(event)[1] == Tally()

    def test_a_shown_photo_that_cannot_be_redrawn_stays_and_is_counted(self, event: Event) -> None:
        photo = work(stored(event, images.jpeg(seed=1)))
        Photo.objects.update(file_size=photo.file_size + 1)
        redraw(event=event)

        photo = work(photo)

        assert (photo.status, bool(photo.error)) == (Photo.Status.READY, True)
        assert agree(event)
        assert kept(event)[1].photos == 1

    def test_such_a_photo_can_be_tried_again_while_it_is_shown(self, event: Event) -> None:
        photo = work(stored(event, images.jpeg(seed=1)))
        whole = photo.file_size
        Photo.objects.update(file_size=whole + 1)
        redraw(event=event)
        work(photo)
        Photo.objects.update(file_size=whole)

        assert services.retry_photos(photos=Photo.objects.all()) == 1
        photo.refresh_from_db()
        assert photo.status == Photo.Status.READY

        photo = work(photo)
        assert (photo.generation, photo.error) == (2, "")

    def test_hiding_and_showing_move_photos_between_the_circles(self, event: Event) -> None:
        ready_photo(event)
        hidden = Photo.objects.filter(pk=ready_photo(event).pk)

        services.set_visibility(photos=hidden, visibility=Photo.Visibility.CLIENT)

        assert agree(event)
        assert kept(event, Audience.GUEST)[1].photos == 1
        assert kept(event)[1].photos == 2

    def test_deleted_photos_are_not_counted(self, event: Event) -> None:
        ready_photo(event)

        services.delete_photos(photos=Photo.objects.filter(pk=ready_photo(event).pk))

        assert agree(event)
        assert kept(event)[1].photos == 1

    def test_a_photo_moves_to_another_chapter(self, event: Event) -> None:
        akad, resepsi = (ChapterFactory.create(event=event, slug=slug) for slug in "ab")
        photo = ready_photo(event, chapter=akad)
        photo.chapter = resepsi

        services.save_typed(photo=photo, fields={"chapter"})

        assert agree(event)
        assert set(kept(event)[0]) == {"b"}

    def test_a_deleted_chapter_leaves_its_photos_to_the_whole_gallery(self, event: Event) -> None:
        akad = ChapterFactory.create(event=event, slug="akad")
        ready_photo(event, chapter=akad)
        version = Event.objects.get().gallery_version

        akad.delete()

        assert agree(event)
        assert kept(event)[1].photos == 1
        assert Event.objects.get().gallery_version > version

    def test_several_chapters_may_go_at_once(self, event: Event) -> None:
        for slug in "ab":
            ready_photo(event, chapter=ChapterFactory.create(event=event, slug=slug))

        event.chapters.all().delete()

        assert agree(event)

    def test_a_deleted_event_takes_its_numbers_along(self, event: Event) -> None:
        ready_photo(event, chapter=ChapterFactory.create(event=event))

        event.delete()

        assert PhotoTally.objects.count() == 0

    def test_waiting_photos_and_other_events_are_not_counted(self, event: Event) -> None:
        PhotoFactory.create(event=event)
        ready_photo(EventFactory.create())
        ready_photo(event, deleted_at=timezone.now())

        assert agree(event)
        assert kept(event)[1] == Tally()

    def test_a_photo_that_was_put_off_is_counted_once(self, event: Event) -> None:
        photo = work(stored(event, images.jpeg(seed=1)))
        redraw(event=event)
        due_again(photo)
        work(photo)
        work(photo)

        assert agree(event)
