"""The job of a photo: from an original to everything that is shown and taken home.

Every step may be repeated: keys are made of the photo and its generation, so a second worker
writes the same bytes to the same place, and only the one that still holds the claim publishes.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext_noop

from events.models import Event
from gallery import tallies
from gallery.imaging.location import has_location, strip_location
from gallery.imaging.render import ImageProblem, Rendered, RenderedFile, TooManyPixels, render
from gallery.links import WEB_KIND, file_name
from gallery.models import Photo, Rendition, raise_versions
from gallery.storage import PhotoStorage, photo_storage
from hafiportrait.lib import jobs
from hafiportrait.lib.sandbox import (
    MemoryLimitReached,
    ProcessDied,
    TimeLimitReached,
    run_limited,
)

log = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 20
THUMBNAIL_KIND = "w400"
LEFTOVER_SECONDS = 30 * 60
SWEEP_BATCH = 500

# What the photographer reads beside a failed photo; translated where it is shown.
REASONS = {
    "damaged": gettext_noop("The file is damaged and cannot be read."),
    "pixels": gettext_noop("The picture has more pixels than the limit."),
    "time": gettext_noop("The picture took too long to read."),
    "memory": gettext_noop("The picture needs too much memory to read."),
    "died": gettext_noop("The picture made its reader fail."),
    "lost": gettext_noop("The original file is missing or was cut."),
}


class ClaimLost(Exception):
    """The photo is another worker's, deleted, or wanted anew; nothing was published."""


@dataclass(frozen=True)
class Delivery:
    """The file that people take home: its key, its bytes and their CRC-32."""

    key: str
    size: int
    crc32: int


def process_photo(claimed: Photo) -> None:
    """Make and publish the wanted generation of a photo whose claim this process holds.

    Raises JobFailed for what the photo itself is to blame for; an outage of the storage or the
    database passes through, and the job waits.
    """
    photo = jobs.held(claimed).select_related("event").filter(deleted_at=None).first()
    if photo is None:
        jobs.held(claimed).update(**jobs.FINISHED)
        return
    jobs.held(photo).filter(status=Photo.Status.PENDING).update(status=Photo.Status.PROCESSING)
    storage = photo_storage()
    with _original(photo, storage) as original:
        rendered = _render(photo, original)
        delivery = _make_delivery(photo, original, storage)
    renditions = _store(photo, rendered.renditions, storage)
    try:
        publish(photo, rendered, renditions, delivery)
    except ClaimLost:
        # Asked for again in the meantime (a watermark, say), deleted, or passed to another
        # worker, in which case this changes nothing.
        log.info("photo %s was not published", photo.pk)
        jobs.held(photo).update(due_at=timezone.now(), **jobs.FREE)


def _original(photo: Photo, storage: PhotoStorage) -> BinaryIO:
    try:
        original = storage.open(photo.storage_key)
    except FileNotFoundError:
        raise _lost(photo) from None
    if original.seek(0, 2) != photo.file_size:
        original.close()
        raise _lost(photo)
    original.seek(0)
    return original


def _lost(photo: Photo) -> jobs.JobFailed:
    Photo.objects.filter(pk=photo.pk).update(damaged_at=timezone.now())
    return jobs.JobFailed(REASONS["lost"], final=True)


def _render(photo: Photo, original: BinaryIO) -> Rendered:
    watermark = settings.STUDIO_NAME if photo.event.watermark_enabled else None
    limit = settings.MAX_MEGAPIXELS * 1_000_000
    work = partial(render, original, watermark=watermark, max_pixels=limit)
    try:
        return run_limited(
            work,
            seconds=settings.PHOTO_SECONDS_LIMIT,
            memory_bytes=settings.PHOTO_MEMORY_MB * 1_000_000,
        )
    except TooManyPixels as problem:
        raise jobs.JobFailed(REASONS["pixels"], final=True) from problem
    except ImageProblem as problem:
        raise jobs.JobFailed(REASONS["damaged"], final=True) from problem
    except TimeLimitReached as problem:
        raise jobs.JobFailed(REASONS["time"]) from problem
    except MemoryLimitReached as problem:
        raise jobs.JobFailed(REASONS["memory"]) from problem
    except ProcessDied as problem:
        raise jobs.JobFailed(REASONS["died"]) from problem


def _make_delivery(photo: Photo, original: BinaryIO, storage: PhotoStorage) -> Delivery:
    """Return the original where it may go out as it is, else a stored copy without the place."""
    original.seek(0)
    if photo.event.keep_location or not has_location(original):
        original.seek(0)
        return Delivery(photo.storage_key, photo.file_size, crc32_of(original))
    key = f"{_folder(photo)}/delivery{Path(photo.storage_key).suffix}"
    path = storage.incoming() / f"delivery-{uuid4().hex}"
    try:
        with path.open("w+b") as copy:
            original.seek(0)
            strip_location(original, copy)
            size = copy.tell()
            copy.seek(0)
            crc32 = crc32_of(copy)
        storage.store_file(key, path, content_type=photo.mime_type)
    finally:
        path.unlink(missing_ok=True)
    return Delivery(key, size, crc32)


def crc32_of(file: BinaryIO) -> int:
    """Return the CRC-32 of a file from where it stands to its end, as a ZIP wants it."""
    crc = 0
    while chunk := file.read(CHUNK_BYTES):
        crc = zlib.crc32(chunk, crc)
    return crc


def _folder(photo: Photo) -> str:
    return f"{photo.folder}/{photo.wanted_generation}"


def _store(photo: Photo, files: Iterable[RenderedFile], storage: PhotoStorage) -> list[Rendition]:
    rows = []
    for file in files:
        key = f"{_folder(photo)}/{file_name(file.kind)}"
        storage.store_bytes(key, file.data, content_type=file.mime)
        rows.append(
            Rendition(
                photo=photo,
                kind=file.kind,
                generation=photo.wanted_generation,
                key=key,
                width=file.width,
                height=file.height,
                bytes=len(file.data),
                crc32=zlib.crc32(file.data),
            )
        )
    return rows


@transaction.atomic
def publish(
    photo: Photo, rendered: Rendered, renditions: list[Rendition], delivery: Delivery
) -> None:
    """Show the new generation, in the transaction that numbers it; the old files go after commit.

    Raises ClaimLost, and nothing is changed, where the claim has passed to somebody else.
    """
    is_new = photo.sequence is None
    raise_versions(photo.event_id, **({"last_sequence": F("last_sequence") + 1} if is_new else {}))
    before = Photo.objects.get(pk=photo.pk)  # the event is locked: nobody moves the photo now
    values = _published_values(photo, rendered, delivery)
    web_bytes = next(row.bytes for row in renditions if row.kind == WEB_KIND)
    values["web_size"] = web_bytes
    if is_new:
        values["sequence"] = Event.objects.values_list("last_sequence", flat=True).get(
            pk=photo.event_id
        )
    mine = jobs.held(photo).filter(deleted_at=None, wanted_generation=photo.wanted_generation)
    if mine.update(**values) != 1:
        raise ClaimLost
    _count(before, delivery.size, web_bytes)
    old = list(photo.renditions.exclude(generation=photo.wanted_generation))
    photo.renditions.all().delete()
    Rendition.objects.bulk_create(renditions)
    gone = [row.key for row in old]
    if photo.delivery_key not in ("", photo.storage_key, delivery.key):
        gone.append(photo.delivery_key)
    if gone:
        transaction.on_commit(partial(remove_quietly, gone))


def _count(before: Photo, original_bytes: int, web_bytes: int) -> None:
    """Count a photo that was published; a redrawn one has other bytes than before."""
    was_shown = before.status == Photo.Status.READY
    tallies.add(
        tallies.place_of(before),
        photos=0 if was_shown else 1,
        original_bytes=original_bytes - (before.delivery_size or 0) * was_shown,
        web_bytes=web_bytes - (before.web_size or 0) * was_shown,
    )


def _published_values(photo: Photo, rendered: Rendered, delivery: Delivery) -> dict[str, object]:
    values: dict[str, object] = {
        "status": Photo.Status.READY,
        "generation": photo.wanted_generation,
        "width": rendered.width,
        "height": rendered.height,
        "placeholder": rendered.placeholder,
        "metadata": rendered.facts.metadata,
        "thumbnail_key": f"{_folder(photo)}/{file_name(THUMBNAIL_KIND)}",
        "delivery_key": delivery.key,
        "delivery_size": delivery.size,
        "delivery_crc32": delivery.crc32,
        "damaged_at": None,
    }
    if photo.generation == 0:
        taken_at = photo.taken_at or _aware(rendered.facts.taken_at)
        values |= {"taken_at": taken_at, "sort_at": taken_at or photo.uploaded_at}
    return values | jobs.FINISHED


def _aware(moment: datetime | None) -> datetime | None:
    """Return a camera's time; one without an offset was set to the studio's time zone."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return timezone.make_aware(moment)


def remove_quietly(keys: list[str]) -> None:
    """Remove files that nobody is shown any more; what fails is left to the sweep."""
    try:
        photo_storage().remove(keys)
    except Exception:
        log.warning("%d old files are left to the sweep", len(keys), exc_info=True)


def redraw(*, event: Event) -> int:
    """Have every living photo of the event made again, in the background; returns how many."""
    return remake(photos=Photo.objects.for_event(event))


def remake(*, photos: QuerySet[Photo]) -> int:
    """Have everything that is made of these photos made again; returns how many are asked for.

    The present renditions are shown until the new ones are ready.
    """
    living = photos.filter(deleted_at=None).exclude(status=Photo.Status.FAILED)
    asked = living.update(wanted_generation=F("wanted_generation") + 1, due_at=timezone.now())
    jobs.ring()
    return asked


@jobs.housekeeper
def sweep_files(now: datetime) -> None:
    """Remove files without a row: what a killed upload, worker or deletion left behind."""
    storage = photo_storage()
    before = now - timedelta(seconds=LEFTOVER_SECONDS)
    storage.sweep_incoming(before)
    batch: list[str] = []
    for stored in storage.walk():
        if stored.modified_at < before:
            batch.append(stored.key)
        if len(batch) == SWEEP_BATCH:
            storage.remove(_without_row(batch))
            batch = []
    if batch:
        storage.remove(_without_row(batch))


def _without_row(keys: list[str]) -> list[str]:
    living = Photo.objects.filter(deleted_at=None)
    known = set(living.filter(storage_key__in=keys).values_list("storage_key", flat=True))
    known |= set(living.filter(delivery_key__in=keys).values_list("delivery_key", flat=True))
    known |= set(
        Rendition.objects.filter(key__in=keys, photo__deleted_at=None).values_list("key", flat=True)
    )
    return [key for key in keys if key not in known]


# A photo that is shown stays as it is where it cannot be drawn anew; its row says why.
KIND = jobs.Kind(
    name="photo",
    model=Photo,
    work=process_photo,
    give_up={
        "status": Case(
            When(status=Photo.Status.READY, then=Value(Photo.Status.READY)),
            default=Value(Photo.Status.FAILED),
        )
    },
)
