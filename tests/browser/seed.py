"""Fill the site that the browser opens: `python -m tests.browser.seed`.

The photos go the way of every upload. They arrive in another order than they were taken in.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import django
from PIL import Image

WEDDING, WEDDING_CODE = "budi-ani", "KEBAYA77"
LOOK_ONLY, LOOK_ONLY_CODE = "hanya-lihat", "SELENDANG8"
EMPTY, EMPTY_CODE = "segera", "MELATI99"
PHOTOS = 65
AKAD_PHOTOS = 12
LOOK_ONLY_PHOTOS = 3
SHAPES = ((1200, 800), (600, 900), (1050, 700), (800, 800), (700, 1050), (1400, 500))


def photo_name(number: int) -> str:
    """Return the camera's name for a photo of the wedding, counted from 1."""
    return f"DSC_{number:04d}.JPG"


def taken_at(number: int) -> datetime:
    """Return when a photo was taken, in the studio's time."""
    return datetime(2026, 11, 7, 8) + timedelta(minutes=number)


def draw(number: int) -> bytes:
    """Draw soft colours in the shape of this number, with EXIF; about 80 KB."""
    from tests.images import ascii_text, encoded, exif

    dice = random.Random(number)
    small = Image.frombytes("RGB", (6, 4), bytes(dice.randrange(30, 220) for _ in range(72)))
    size = SHAPES[number % len(SHAPES)]
    picture = small.resize(size, Image.Resampling.BICUBIC)
    grain = Image.effect_noise(size, 24).convert("RGB")
    picture = Image.blend(picture, grain, 0.12)
    time = taken_at(number).strftime("%Y:%m:%d %H:%M:%S").encode()
    return encoded(picture, "JPEG", quality=80, exif=exif(inner=[ascii_text(0x9003, time)]))


def main() -> None:
    """Make the three events, and send their photos in."""
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


def send(event: object, number: int, chapter: object) -> None:
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


if __name__ == "__main__":
    django.setup()
    main()
