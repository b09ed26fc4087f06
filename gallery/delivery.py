"""What people take home: one photo, or an archive that is a plan.

Every download goes by the same rule: the delivery file (the original, without its place), or the
web size where the event, a watermark or the reader says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from events.admission import Visit
from events.models import Chapter, Event
from gallery import zipplan
from gallery.filenames import safe_name
from gallery.links import WEB_KIND
from gallery.models import Archive, Photo, PhotoQuerySet, Rendition
from gallery.storage import photo_storage
from hafiportrait.lib import jobs

ARCHIVE_DAYS = 30
ORIGINAL, WEB = Archive.Size.ORIGINAL, Archive.Size.WEB


class NothingToDownload(Exception):
    """None of the chosen photos may be downloaded here."""


class MemberGone(Exception):
    """A photo of the archive was deleted, hidden or changed since: the archive is void."""


@dataclass(frozen=True, slots=True)
class Deliverable:
    """One file as it goes out."""

    photo: Photo
    key: str
    name: str
    size: int
    crc32: int
    content_type: str


def gives_originals(visit: Visit) -> bool:
    """Return whether this person gets original files; the couple and staff always do."""
    if visit.actor.sees_everything:
        return True
    event = visit.event
    return event.download_size == Event.DownloadSize.ORIGINAL and not event.watermark_enabled


def size_for(visit: Visit, wanted: str) -> Archive.Size:
    """Return the size that this person gets who asks for "original" or "web"."""
    return WEB if wanted == "web" or not gives_originals(visit) else ORIGINAL


def deliverables(photos: Sequence[Photo], size: Archive.Size) -> list[Deliverable]:
    """Return the files of these ready photos, in their order; one query for the web size."""
    if size == ORIGINAL:
        return [_original(photo) for photo in photos]
    wanted = [photo.pk for photo in photos]
    rows = Rendition.objects.filter(kind=WEB_KIND, photo__in=wanted)
    by_photo = {row.photo_id: row for row in rows}
    return [_web(photo, by_photo[photo.pk]) for photo in photos if photo.pk in by_photo]


def _original(photo: Photo) -> Deliverable:
    return Deliverable(
        photo=photo,
        key=photo.delivery_key,
        name=photo.filename,
        size=photo.delivery_size or 0,
        crc32=photo.delivery_crc32 or 0,
        content_type=photo.mime_type,
    )


def _web(photo: Photo, row: Rendition) -> Deliverable:
    name = safe_name(f"{Path(photo.filename).stem}.jpg")
    return Deliverable(photo, row.key, name, row.bytes, row.crc32, "image/jpeg")


def photos_to_deliver(visit: Visit) -> PhotoQuerySet:
    """Return what this person may take home, in the gallery's order."""
    photos = Photo.objects.for_event(visit.event).visible_to(visit.actor)
    return photos.filter(damaged_at=None).select_related("chapter")


def make_archive(
    *,
    visit: Visit,
    size: Archive.Size,
    photo_ids: Iterable[UUID] | None = None,
    chapter: Chapter | None = None,
) -> Archive:
    """Return the archive of chosen photos, of a chapter, or (neither) of everything.

    Equal requests share one row. Raises NothingToDownload. Ids that are not this person's to see
    are left out.
    """
    photos = photos_to_deliver(visit).in_gallery_order()
    scope = Archive.Scope.ALL
    if chapter is not None:
        scope, photos = Archive.Scope.CHAPTER, photos.filter(chapter=chapter)
    rows = list(photos)
    if photo_ids is not None:
        chosen = set(photo_ids)
        scope, rows = Archive.Scope.SELECTION, [photo for photo in rows if photo.pk in chosen]
    files = deliverables(rows, size)
    if not files:
        raise NothingToDownload
    return _share(visit, scope, size, files, _archive_name(visit.event, scope, chapter))


def _archive_name(event: Event, scope: Archive.Scope, chapter: Chapter | None) -> str:
    part = f" - {chapter.title}" if scope == Archive.Scope.CHAPTER and chapter else ""
    return safe_name(f"{event.title}{part}.zip", fallback="photos")


def _share(
    visit: Visit, scope: Archive.Scope, size: Archive.Size, files: list[Deliverable], name: str
) -> Archive:
    members = _members(files)
    for_guests = not visit.actor.sees_everything
    plan = plan_of(members)
    seed = f"{scope}|{size}|{for_guests}|{name}|{plan.digest}"
    fingerprint = sha256(seed.encode()).hexdigest()
    values = {
        "scope": scope,
        "size": size,
        "filename": name,
        "for_guests": for_guests,
        "members": members,
        "member_count": len(members),
        "total_bytes": plan.total_size,
        "etag": plan.digest,
    }
    with transaction.atomic():
        archive, made = Archive.objects.get_or_create(
            event=visit.event, fingerprint=fingerprint, defaults=values
        )
    if not made:
        Archive.objects.filter(pk=archive.pk).update(last_used_at=timezone.now())
    return archive


def _members(files: list[Deliverable]) -> list[list[Any]]:
    """Return the frozen members: `[photo id, name, key, size, crc32, unix time]` each."""
    wanted = [(_folder(file.photo), file.name) for file in files]
    names = zipplan.unique_names(wanted)
    return [
        [
            file.photo.pk.hex,
            name,
            file.key,
            file.size,
            file.crc32,
            int(file.photo.sort_at.timestamp()),
        ]
        for file, name in zip(files, names, strict=True)
    ]


def _folder(photo: Photo) -> str:
    return photo.chapter.title if photo.chapter else ""


def plan_of(members: Sequence[Sequence[Any]]) -> zipplan.Plan:
    """Return the plan of frozen members; times in the ZIP are the studio's local ones."""
    zone = timezone.get_default_timezone()
    at = datetime.fromtimestamp
    return zipplan.plan(
        [
            zipplan.Member(name, size, crc32, at(taken, zone), key)
            for _, name, key, size, crc32, taken in members
        ]
    )


def check_members(visit: Visit, archive: Archive) -> None:
    """Raise MemberGone unless every member is still there and this person's to take, unchanged."""
    ids = [UUID(str(member[0])) for member in archive.members]
    allowed = photos_to_deliver(visit)
    if archive.size == ORIGINAL:
        pairs = allowed.values_list("pk", "delivery_key")
    else:
        pairs = allowed.filter(renditions__kind=WEB_KIND).values_list("pk", "renditions__key")
    present = dict(pairs)
    keys = [str(member[2]) for member in archive.members]
    if any(present.get(pk) != key for pk, key in zip(ids, keys, strict=True)):
        raise MemberGone


def damaged_members(archive: Archive) -> list[UUID]:
    """Return the photos whose file on local disk is missing or has another size than planned.

    On S3 a look at every file would take longer than the download; there a file that is gone
    breaks the download off.
    """
    local_path = photo_storage().local_path
    found = []
    for photo_id, _, key, size, *_ in archive.members:
        path = local_path(key)
        if path is not None and (not path.is_file() or path.stat().st_size != size):
            found.append(UUID(photo_id))
    return found


def archive_bytes(archive: Archive, start: int, stop: int) -> Iterator[bytes]:
    """Yield the bytes of the ZIP from `start` up to `stop`."""
    return zipplan.read_range(plan_of(archive.members), start, stop, photo_storage().read)


@jobs.housekeeper
def forget_archives(now: datetime) -> None:
    """Delete plans that nobody used for a month; the same request makes the same plan again."""
    Archive.objects.filter(last_used_at__lt=now - timedelta(days=ARCHIVE_DAYS)).delete()
