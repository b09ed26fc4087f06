"""What runs within a process of the product: rows, counts of queries, and work without HTTP.

`python -m benchmarks.inside NAME` with the arguments as JSON on its standard input; prints the
answer as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import django

django.setup()

from django.conf import settings  # noqa: E402  # after django.setup()
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import F  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks.bare import render_bare  # noqa: E402
from events.models import Chapter, Event  # noqa: E402
from gallery import tallies  # noqa: E402
from gallery.delivery import _members, deliverables, plan_of  # noqa: E402
from gallery.imaging.location import has_location  # noqa: E402
from gallery.imaging.render import render  # noqa: E402
from gallery.models import GALLERY_ORDER, Archive, Photo, photo_folder, raise_versions  # noqa: E402
from gallery.processing import KIND, crc32_of  # noqa: E402
from hafiportrait.accounts.models import User  # noqa: E402
from hafiportrait.lib import jobs, keyset  # noqa: E402

BATCH = 2_000
CHAPTERS = ("Akad", "Resepsi", "Keluarga", "Pesta")
MORNING = datetime(2026, 11, 7, 8, tzinfo=UTC)
PLACEHOLDER = "data:image/webp;base64," + "UklGRlYAAABXRUJQVlA4IEoAAADQAwCdASoUAA0A" * 4
MAX_PIXELS = 120_000_000


def make_event(slug: str, code: str, photos: int) -> str:
    """Make an open event with so many ready photos, rows only; returns its id."""
    event = Event.objects.create(
        title="Pernikahan Budi & Ani", slug=slug, access_code=code, event_date=timezone.now()
    )
    chapters = [
        Chapter.objects.create(event=event, title=title, slug=title.lower(), position=n)
        for n, title in enumerate(CHAPTERS)
    ]
    for first in range(0, photos, BATCH):
        numbers = range(first, min(first + BATCH, photos))
        Photo.objects.bulk_create(_ready(event, chapters[n % 4], n) for n in numbers)
    Event.objects.filter(pk=event.pk).update(last_sequence=photos, gallery_version=photos + 1)
    tallies.recount(event.pk)
    return str(event.pk)


def _ready(event: Event, chapter: Chapter | None, number: int, **fields: Any) -> Photo:
    """Return the row of a ready photo; every third one is upright."""
    photo_id = uuid4()
    name = f"DSC_{number:05d}.JPG"
    key = f"{photo_folder(event.pk, photo_id)}/original.jpg"
    width, height = (4000, 6000) if number % 3 == 0 else (6000, 4000)
    values: dict[str, Any] = {
        "id": photo_id,
        "event": event,
        "chapter": chapter,
        "filename": name,
        "original_filename": name,
        "mime_type": "image/jpeg",
        "storage_key": key,
        "delivery_key": key,
        "delivery_size": 8_000_000,
        "delivery_crc32": 0,
        "web_size": 700_000,
        "like_count": number % 4,
        "checksum": f"{number:064x}",
        "file_size": 8_000_000,
        "width": width,
        "height": height,
        "placeholder": PLACEHOLDER,
        "sort_at": MORNING + timedelta(seconds=number),
        "sequence": number + 1,
        "status": Photo.Status.READY,
        "generation": 1,
        "due_at": None,
    }
    return Photo(**values | fields)


def vacuum() -> None:
    """Let PostgreSQL look at the new rows now, as it would by itself some minutes later."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def cursor_at(slug: str, place: int) -> str:
    """Return the cursor of the page that begins after so many photos."""
    photos = Photo.objects.filter(event__slug=slug).order_by(*GALLERY_ORDER)
    photo = photos[place - 1]
    return keyset.encode([getattr(photo, name) for name in GALLERY_ORDER])


def count_gallery_queries(slug: str, code: str) -> dict[str, int]:
    """Return how many queries a gallery page takes: cold for a new guest, cold, and warm."""
    guest = _guest(code)
    event = Event.objects.get(slug=slug)
    page = event.get_absolute_url()
    raise_versions(event.pk)
    counts = {"cold, first page of a guest": _queries(guest, page)}
    raise_versions(event.pk)
    counts["cold"] = _queries(guest, page)
    counts["warm"] = _queries(guest, page)
    return counts


def count_media_queries(code: str, path: str) -> dict[str, int]:
    """Return how many queries a picture takes: the event's first of a minute, then any other."""
    guest = _guest(code)
    counts = {"first of a minute": _queries(guest, path), "guest": _queries(guest, path)}
    guest.force_login(_studio(), backend=settings.AUTHENTICATION_BACKENDS[0])
    return counts | {"signed in": _queries(guest, path)}


def _guest(code: str) -> Client:
    guest = Client(SERVER_NAME="127.0.0.1")
    answer = guest.get(f"/q/{code}/")
    assert answer.status_code == 302, answer.status_code
    return guest


def _queries(client: Client, page: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(page)
        assert answer.status_code == 200, answer.status_code
        b"".join(answer)
    return len(captured)


def _studio() -> User:
    found, made = User.objects.get_or_create(
        email="hafi@example.com", defaults={"full_name": "Hafi", "role": User.Role.ADMIN}
    )
    if made:
        found.set_unusable_password()
        found.save()
    return found


def staff_session() -> str:
    """Log the photographer in and return the session's key, as the cookie holds it."""
    user = _studio()
    session = SessionStore()
    session[SESSION_KEY] = user._meta.pk.value_to_string(user)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def make_files(slug: str, code: str, photos: int, size: int, whole: str) -> None:
    """Make an event of photos with original files of random bytes.

    The file `whole` gets the bytes of all of them, one after the other.
    """
    event = Event.objects.create(
        title="Pernikahan Budi & Ani", slug=slug, access_code=code, event_date=timezone.now()
    )
    rows = []
    with Path(whole).open("wb") as together:
        for number in range(photos):
            data = os.urandom(size)
            photo = _ready(
                event, None, number,
                delivery_size=size, file_size=size, delivery_crc32=zlib.crc32(data),
            )  # fmt: skip
            place = Path(settings.MEDIA_ROOT) / photo.storage_key
            place.parent.mkdir(parents=True)
            place.write_bytes(data)
            together.write(data)
            rows.append(photo)
    Photo.objects.bulk_create(rows)
    Event.objects.filter(pk=event.pk).update(last_sequence=photos)


def make_renditions(slug: str, size: int) -> int:
    """Write a file of random bytes for the 800-pixel rendition of every photo of an event."""
    photos = Photo.objects.filter(event__slug=slug)
    for photo in photos:
        place = Path(settings.MEDIA_ROOT) / photo.folder / "1" / "w800.webp"
        place.parent.mkdir(parents=True)
        place.write_bytes(os.urandom(size))
    return photos.count()


def time_plan(slug: str, rounds: int) -> dict[str, list[float]]:
    """Return milliseconds without queries: of the plan of frozen members, and of freezing them."""
    photos = list(Photo.objects.filter(event__slug=slug).select_related("chapter"))
    files = deliverables(photos, Archive.Size.ORIGINAL)
    members = _members(files)

    def plan() -> None:
        made = plan_of(members)
        assert made.digest
        next(made.segments(made.total_size // 2, made.total_size))

    return {
        "plan": [_milliseconds(plan) for _ in range(rounds)],
        "names": [_milliseconds(lambda: _members(files)) for _ in range(rounds)],
    }


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def take_in(slug: str, code: str, folder: str) -> None:
    """Make an event of waiting photos out of the JPEGs of a folder."""
    event = Event.objects.create(
        title="Pernikahan Budi & Ani", slug=slug, access_code=code, event_date=timezone.now()
    )
    for number, source in enumerate(sorted(Path(folder).glob("*.jpg"))):
        data = source.read_bytes()
        photo = _ready(
            event, None, number,
            file_size=len(data), delivery_key="", status=Photo.Status.PENDING, generation=0,
            sequence=None, due_at=timezone.now(),
        )  # fmt: skip
        place = Path(settings.MEDIA_ROOT) / photo.storage_key
        place.parent.mkdir(parents=True)
        place.write_bytes(data)
        photo.save(force_insert=True)


def time_ingest(folder: str, rounds: int) -> dict[str, list[float]]:
    """Return seconds per photo, each the median of a round over all JPEGs of the folder.

    One core. `bare` and `render` are processor time of the same process, `job` the processor time
    of a whole job with its forked process; the names with `wall` are by the clock.
    """
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    sources = sorted(Path(folder).glob("*.jpg"))
    photos = list(Photo.objects.order_by("sort_at"))
    render_bare(sources[0])  # the first call of an encoder loads it
    _render_and_deliver(sources[0])
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        taken: dict[str, list[float]] = {}
        for source, photo in zip(sources, photos, strict=True):
            _ask_again(photo)
            for name, work in (
                ("bare", lambda source=source: render_bare(source)),
                ("render", lambda source=source: _render_and_deliver(source)),
                ("job", lambda: jobs.run_next(KIND)),
            ):
                processor, clock = _seconds(work)
                taken.setdefault(name, []).append(processor)
                taken.setdefault(f"{name} wall", []).append(clock)
        for name, values in taken.items():
            found.setdefault(name, []).append(median(values))
    assert not Photo.objects.exclude(status=Photo.Status.READY).exists()
    return found


def _ask_again(photo: Photo) -> None:
    """Make this photo, and no other, due."""
    Photo.objects.update(due_at=None)
    Photo.objects.filter(pk=photo.pk).update(
        wanted_generation=F("generation") + 1, due_at=timezone.now()
    )


def _render_and_deliver(source: Path) -> None:
    """Do what a job does with the photo's bytes, without storage, database and fork."""
    with source.open("rb") as file:
        rendered = render(file, watermark=None, max_pixels=MAX_PIXELS)
        file.seek(0)
        assert not has_location(file)
        file.seek(0)
        crc32_of(file)
    for made in rendered.renditions:
        zlib.crc32(made.data)


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return (processor time of this process and its children, time by the clock)."""
    before, started = _processor_seconds(), time.perf_counter()
    work()
    return _processor_seconds() - before, time.perf_counter() - started


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main() -> None:
    """Call the function that the command line names."""
    function: Callable[..., Any] = globals()[sys.argv[1]]
    arguments = json.loads(sys.stdin.read() or "{}")
    print(json.dumps(function(**arguments)))


if __name__ == "__main__":
    main()
