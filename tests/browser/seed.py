"""Fill the site that the browser opens: `python -m tests.browser.seed`.

The photos go the way of every upload. They arrive in another order than they were taken in.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import django
from PIL import Image

WEDDING, WEDDING_CODE = "budi-ani", "KEBAYA77"
LOOK_ONLY, LOOK_ONLY_CODE = "hanya-lihat", "SELENDANG8"
EMPTY, EMPTY_CODE = "segera", "MELATI99"
LONG, LONG_CODE = "tiga-hari", "GAMELAN55"
PHOTOS = 65
AKAD_PHOTOS = 12
LOOK_ONLY_PHOTOS = 3
LONG_PHOTOS = 5000
# As gallery.imaging makes them.
PLACEHOLDER = (
    "data:image/webp;base64,UklGRkYAAABXRUJQVlA4IDoAAAAwAwCdASoUAA0APxF0sFCsJqSisAgBgCIJZQC7ABVvU"
    "/aAAP6M6qqvCRzmlq2pxM8/NoetRMDS7AAA"
)
SHAPES = ((1200, 800), (600, 900), (1050, 700), (800, 800), (700, 1050), (1400, 500))


def photo_name(number: int) -> str:
    """Return the camera's name for a photo of the wedding, counted from 1."""
    return f"DSC_{number:04d}.JPG"


def taken_at(number: int) -> datetime:
    """Return when a photo was taken, in the studio's time."""
    return datetime(2026, 11, 7, 8) + timedelta(minutes=number)


def draw(number: int) -> bytes:
    """Draw soft colours in the shape of this number, with EXIF; about 80 KB."""
    picture = soft_colours(number)
    grain = Image.effect_noise(picture.size, 24).convert("RGB")
    return developed(Image.blend(picture, grain, 0.12), number)


def draw_in_detail(number: int) -> bytes:
    """Draw a picture whose renditions weigh what those of photographs do.

    That is 1.8 bits per pixel at 400 pixels and 1.3 at 800; those of real cameras have 0.7 to 2.3
    and 0.7 to 1.6. Details of many sizes count, for fine grain alone is lost in small renditions.
    """
    picture = soft_colours(number)
    for pixels, share in ((8, 0.3), (4, 0.2), (2, 0.15)):
        size = (picture.width // pixels, picture.height // pixels)
        details = Image.effect_noise(size, 60).resize(picture.size, Image.Resampling.BICUBIC)
        picture = Image.blend(picture, details.convert("RGB"), share)
    return developed(picture, number)


def soft_colours(number: int) -> Image.Image:
    """Return a few colours that melt into each other, in the shape of this number."""
    dice = random.Random(number)
    small = Image.frombytes("RGB", (6, 4), bytes(dice.randrange(30, 220) for _ in range(72)))
    return small.resize(SHAPES[number % len(SHAPES)], Image.Resampling.BICUBIC)


def developed(picture: Image.Image, number: int) -> bytes:
    """Return the JPEG with the time of this number."""
    from tests.images import ascii_text, encoded, exif

    time = taken_at(number).strftime("%Y:%m:%d %H:%M:%S").encode()
    return encoded(picture, "JPEG", quality=80, exif=exif(inner=[ascii_text(0x9003, time)]))


def main() -> None:
    """Make the events, and send their photos in."""
    from django.utils import timezone

    from events.models import Chapter, Event

    now = timezone.now()
    wedding = Event.objects.create(
        title="Pernikahan Budi & Ani",
        slug=WEDDING,
        access_code=WEDDING_CODE,
        event_date=now - timedelta(days=7),
        location="Grand Ballroom, Bandung",
    )
    akad = Chapter.objects.create(event=wedding, title="Akad", slug="akad", position=1)
    party = Chapter.objects.create(event=wedding, title="Resepsi", slug="resepsi", position=2)
    for number in range(PHOTOS, 0, -1):
        send(wedding, number, akad if number <= AKAD_PHOTOS else party)
    look_only = Event.objects.create(
        title="Lamaran Rina & Joko",
        slug=LOOK_ONLY,
        access_code=LOOK_ONLY_CODE,
        event_date=now,
        allow_downloads=False,
    )
    for number in range(1, LOOK_ONLY_PHOTOS + 1):
        send(look_only, number, None)
    Event.objects.create(title="Siraman Dewi", slug=EMPTY, access_code=EMPTY_CODE, event_date=now)
    long_one = Event.objects.create(
        title="Tiga Hari di Solo", slug=LONG, access_code=LONG_CODE, event_date=now
    )
    line_up(long_one, LONG_PHOTOS)


def send(
    event: object, number: int, chapter: object, *, draw: Callable[[int], bytes] = draw
) -> None:
    """Send one photo in, as the upload page does."""
    from gallery.storage import photo_storage
    from gallery.uploads import Spool, receive_photo

    storage = photo_storage()
    with Spool(storage.incoming()) as spool:
        spool.write(draw(number))
        spool.finish()
        receive_photo(
            event=event,  # type: ignore[arg-type]  # models are importable only after the set-up
            spooled=spool.path,
            sha256=spool.sha256,
            size=spool.size,
            name=photo_name(number),
            uploaded_by=None,
            storage=storage,
            chapter=chapter,  # type: ignore[arg-type]  # likewise
        )


def line_up(event: object, count: int) -> None:
    """Write the rows of photos that are ready, without any file: a test answers for their media."""
    from gallery import tallies
    from gallery.models import Photo
    from tests.factories import PhotoFactory

    rows = []
    for number in range(1, count + 1):
        width, height = SHAPES[number % len(SHAPES)]
        photo = PhotoFactory.build(
            event=event,
            filename=photo_name(number),
            width=width,
            height=height,
            status=Photo.Status.READY,
            due_at=None,
            generation=1,
            sequence=number,
            delivery_size=8_000_000 + number,
            delivery_crc32=0,
            web_size=600_000 + number,
            placeholder=PLACEHOLDER,
        )
        photo.delivery_key = photo.storage_key
        rows.append(photo)
    Photo.objects.bulk_create(rows, batch_size=500)
    event.last_sequence = count  # type: ignore[attr-defined]  # models as in `send`
    event.save(update_fields=["last_sequence"])  # type: ignore[attr-defined]  # likewise
    tallies.recount(event.pk)  # type: ignore[attr-defined]  # likewise


if __name__ == "__main__":
    django.setup()
    main()
