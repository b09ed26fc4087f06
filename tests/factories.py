"""Rows for the tests, as short as a sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from events.models import Chapter, Event, GuestSession
from gallery import tallies
from gallery.models import Photo, Rendition, photo_folder
from hafiportrait.accounts.models import User

PASSWORD = "a-long-password-of-ours"
# An id that nothing has: the same in every process, so that tests keep their names.
NOBODY = "6f1c3a54-0000-4000-8000-000000000000"
WIDTHS = {"w400": 400, "w800": 800, "w1600": 1600, "w2400": 2400, "web": 2048}


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    full_name = "Somebody"
    role = User.Role.CLIENT
    password = factory.django.Password(PASSWORD)


class EventFactory(DjangoModelFactory[Event]):
    class Meta:
        model = Event

    title = "Pernikahan Budi & Ani"
    slug = factory.Sequence(lambda n: f"budi-ani-{n}")
    access_code = factory.Sequence(lambda n: f"KEBAYA{n:04d}")
    event_date = factory.LazyFunction(lambda: timezone.now() - timedelta(days=7))


class ChapterFactory(DjangoModelFactory[Chapter]):
    class Meta:
        model = Chapter

    event = factory.SubFactory(EventFactory)
    title = "Akad"
    slug = factory.Sequence(lambda n: f"akad-{n}")


class GuestSessionFactory(DjangoModelFactory[GuestSession]):
    class Meta:
        model = GuestSession

    session_id = factory.Sequence(lambda n: f"{n:064x}")
    event = factory.SubFactory(EventFactory)
    entered_by = GuestSession.EnteredBy.QR


class PhotoFactory(DjangoModelFactory[Photo]):
    """A photo that waits for its renditions; `ready_photo` gives one that is shown."""

    class Meta:
        model = Photo

    id = factory.LazyFunction(uuid4)
    event = factory.SubFactory(EventFactory)
    filename = factory.Sequence(lambda n: f"DSC_{n:04d}.JPG")
    original_filename = factory.SelfAttribute("filename")
    checksum = factory.Sequence(lambda n: f"{n:064x}")
    file_size = 1000
    width = 6000
    height = 4000
    mime_type = "image/jpeg"
    storage_key = factory.LazyAttribute(
        lambda photo: f"{photo_folder(photo.event.pk, photo.id)}/original.jpg"
    )
    sort_at = factory.Sequence(
        lambda n: datetime(2026, 11, 7, 8, tzinfo=UTC) + timedelta(seconds=n)
    )


def ready_photo(event: Event, **fields: Any) -> Photo:
    """Return a photo of the event as the worker leaves it; its files are not written."""
    event.last_sequence += 1
    event.gallery_version += 1
    event.save(update_fields=["last_sequence", "gallery_version"])
    photo: Photo = PhotoFactory.create(
        event=event,
        status=Photo.Status.READY,
        due_at=None,
        generation=1,
        sequence=event.last_sequence,
        delivery_size=1000,
        delivery_crc32=0,
        **fields,
    )
    photo.delivery_key = photo.storage_key
    photo.thumbnail_key = rendition(photo, "w400").key
    photo.web_size = 500
    photo.save(update_fields=["delivery_key", "thumbnail_key", "web_size"])
    for kind in ("w800", "w1600", "w2400", "web"):
        rendition(photo, kind)
    tallies.recount(event.pk)
    return photo


def rendition(photo: Photo, kind: str) -> Rendition:
    """Return the row of one rendition of the photo's present generation."""
    width = min(WIDTHS[kind], photo.width)
    suffix = "jpg" if kind == "web" else "webp"
    return Rendition.objects.create(
        photo=photo,
        kind=kind,
        generation=photo.generation,
        key=f"{photo.folder}/{photo.generation}/{kind}.{suffix}",
        width=width,
        height=max(1, round(photo.height * width / photo.width)),
        bytes=500,
        crc32=0,
    )
