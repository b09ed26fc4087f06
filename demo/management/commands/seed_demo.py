"""Fill the studio with a demo wedding; only where DEMO is on, and safe to run twice."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from argparse import ArgumentParser
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from datetime import time as clock
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from demo.pictures import draw_picture
from demo.voices import remove_voices, seed_voices
from events.models import Chapter, Event
from gallery.models import Photo
from gallery.storage import photo_storage
from gallery.uploads import PhotoRefused, receive_photo
from hafiportrait.accounts.models import User

PHOTOGRAPHER = ("admin@hafiportrait.com", "admin123", "Hafi")
CLIENT = ("budi.ani@example.com", "client123", "Budi & Ani")
SLUG, CODE = "budi-ani-wedding", "BUDIANI2024"
CHAPTERS = (("Persiapan", "persiapan"), ("Akad", "akad"), ("Resepsi", "resepsi"))
PICTURES = 60
SATURDAY = 5
DAY_HOURS = 12.0
KINDS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif"})


class Command(BaseCommand):
    """Makes the photographer, the couple, their wedding and sixty pictures of it."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--photos", type=Path, help="Real photos instead of drawn ones.")
        parser.add_argument("--wait", action="store_true", help="Wait until all are processed.")
        parser.add_argument("--remove", action="store_true", help="Remove the demo again.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            remove_demo()
            self.stdout.write("The demo is gone.")
            return
        if not settings.DEMO:
            raise CommandError("The demo has known passwords: it needs DEMO=1.")
        event = seed_event()
        if options["photos"]:
            seed_files(event, sorted(options["photos"].rglob("*")))
        else:
            seed_pictures(event)
        seed_voices(event)
        if options["wait"]:
            self._wait(event)
        waiting = event.photos.exclude(status=Photo.Status.READY).count()
        self.stdout.write(f"The demo is there: {event.photos.count()} photos, {waiting} waiting.")

    def _wait(self, event: Event) -> None:
        busy = (Photo.Status.PENDING, Photo.Status.PROCESSING)
        while event.photos.filter(status__in=busy).exists():
            time.sleep(0.5)


def remove_demo() -> None:
    """Delete the demo's people and event, with everything that hangs on them."""
    for event in Event.objects.filter(slug=SLUG, access_code=CODE):
        remove_voices(event)
        event.delete()
    User.objects.filter(email__in=[PHOTOGRAPHER[0], CLIENT[0]]).delete()


def seed_event() -> Event:
    """Return the demo's wedding; its people and chapters are made where they are missing."""
    _person(*PHOTOGRAPHER, role=User.Role.ADMIN)
    client = _person(*CLIENT, role=User.Role.CLIENT)
    event, _ = Event.objects.get_or_create(
        slug=SLUG,
        defaults={
            "title": "Pernikahan Budi & Ani",
            "client": client,
            "access_code": CODE,
            "event_date": two_saturdays_ago(),
            "location": "Grand Ballroom, Hotel XYZ Bandung",
            "status": Event.Status.ACTIVE,
        },
    )
    for position, (title, slug) in enumerate(CHAPTERS):
        Chapter.objects.get_or_create(
            event=event, slug=slug, defaults={"title": title, "position": position}
        )
    return event


def _person(email: str, password: str, full_name: str, *, role: str) -> User:
    user = User.objects.filter(email=email).first()
    return user or User.objects.create_user(email, password, full_name=full_name, role=role)


def two_saturdays_ago(at: datetime | None = None) -> datetime:
    """Return 08:00 on the Saturday before last, in the studio's time zone."""
    today = timezone.localtime(at).date()
    last = today - timedelta(days=(today.weekday() - SATURDAY) % 7 or 7)
    return timezone.make_aware(datetime.combine(last - timedelta(days=7), clock(8)))


def seed_pictures(event: Event) -> None:
    """Draw the pictures that are still missing, two at a time, and take them in."""
    names = {f"HFP_{1001 + number}.JPG": number for number in range(PICTURES)}
    there = set(event.photos.filter(deleted_at=None).values_list("original_filename", flat=True))
    missing = {name: number for name, number in names.items() if name not in there}
    starts_at = timezone.localtime(event.event_date)
    draw = partial(_drawn, starts_at=starts_at)
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        drawn = pool.map(draw, missing.values())
        for name, data in tqdm(zip(missing, drawn, strict=True), total=len(missing), unit="photo"):
            _take_in(event, name, data, chapter=_chapter_of(event, missing[name]))


def _drawn(number: int, *, starts_at: datetime) -> bytes:
    taken_at = starts_at + timedelta(hours=DAY_HOURS * number / PICTURES)
    return draw_picture(number, PICTURES, taken_at)


def _chapter_of(event: Event, number: int) -> Chapter:
    return event.chapters.get(position=number * len(CHAPTERS) // PICTURES)


def seed_files(event: Event, paths: list[Path]) -> None:
    """Take in real photos; what cannot be read is said and left out."""
    for path in tqdm([p for p in paths if p.suffix.lower() in KINDS], unit="photo"):
        try:
            _take_in(event, path.name, path.read_bytes(), chapter=None)
        except PhotoRefused as refusal:
            tqdm.write(f"{path.name}: {refusal}")


def _take_in(event: Event, name: str, data: bytes, *, chapter: Chapter | None) -> None:
    """Push a picture through the very path that an upload takes."""
    storage = photo_storage()
    with tempfile.NamedTemporaryFile(dir=storage.incoming(), delete=False) as spooled:
        spooled.write(data)
    receive_photo(
        event=event,
        spooled=Path(spooled.name),
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        name=name,
        uploaded_by=User.objects.filter(email=PHOTOGRAPHER[0]).first(),
        chapter=chapter,
        storage=storage,
    )
