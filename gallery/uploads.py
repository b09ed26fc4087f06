"""The one place where a file becomes a photo, for the upload page and the import command alike."""

from __future__ import annotations

import hashlib
import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet, Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from events.models import Chapter, Event
from gallery.filenames import safe_name
from gallery.imaging.headers import (
    HeaderProblem,
    ImageHeader,
    IncompleteFile,
    TooManyPixels,
    check_limits,
    read_header,
)
from gallery.models import Photo, photo_folder
from gallery.storage import PhotoStorage
from hafiportrait.accounts.models import User
from hafiportrait.lib import jobs

log = logging.getLogger(__name__)

MEGABYTE = 1 << 20
CHUNK_BYTES = 1 << 18
RAW_NAME_CHARACTERS = 255
SPOOL_PREFIX = "upload-"


class PhotoRefused(Exception):
    """A file is not taken in.

    `message` tells the person who sent it why, in their language; `code` is the same for scripts,
    and `status` for HTTP.
    """

    def __init__(self, message: str, *, code: str, status: int) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Received:
    """The photo that a file is now; not `created` where the event had its content already."""

    photo: Photo
    created: bool


@dataclass(frozen=True)
class Claim:
    """A file as a browser describes it before it sends it; `sha256` may be blank."""

    name: str
    size: int
    sha256: str


class Spool:
    """A file on its way in: written piece by piece, hashed and counted as it comes.

    As a context manager it leaves nothing behind that was not taken over.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / f"{SPOOL_PREFIX}{uuid4().hex}"
        self.size = 0
        self._hash = hashlib.sha256()
        self._file = self.path.open("xb")

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was written so far, in hexadecimal."""
        return self._hash.hexdigest()

    def write(self, data: bytes) -> None:
        """Append data; raises PhotoRefused over the limit, and OSError as the disk gives it."""
        self.size += len(data)
        if self.size > upload_limit_bytes():
            raise too_large()
        self._file.write(data)
        self._hash.update(data)

    def finish(self) -> None:
        """Hand the last bytes to the disk; raises OSError where it has no room for them."""
        self._file.close()

    def discard(self) -> None:
        """Remove the file, unless it was taken over or removed before."""
        with suppress(OSError):
            self._file.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.discard()


def upload_limit_bytes() -> int:
    """Return how many bytes one photo may have (MAX_UPLOAD_MB, binary)."""
    return settings.MAX_UPLOAD_MB * MEGABYTE


def too_large() -> PhotoRefused:
    """Return the refusal of a file over MAX_UPLOAD_MB."""
    message = _("The file is larger than %(limit)d MB.") % {"limit": settings.MAX_UPLOAD_MB}
    return PhotoRefused(message, code="too_large", status=413)


def receive_photo(
    *,
    event: Event,
    spooled: Path,
    sha256: str,
    size: int,
    name: str,
    uploaded_by: User | None,
    storage: PhotoStorage,
    chapter: Chapter | None = None,
    claimed_sha256: str = "",
) -> Received:
    """Make a photo of the event out of a spooled file, or find the one that it is already.

    In: a file below `storage.incoming()` with its true SHA-256 (hexadecimal) and size in bytes,
    the name that it was sent under, of any sort, and the SHA-256 that the sender claims, if any.
    The file is gone from its place afterwards, whatever happens.

    Raises PhotoRefused; StorageDown, OSError and errors of the database as they come. There is
    then neither a row nor a file; only a process that dies in between leaves a file, for the sweep.
    """
    try:
        header = inspect(spooled, size=size)
        _refuse_changed(claimed=claimed_sha256, found=sha256)
        known = _same_content(event, sha256)
        if known is not None:
            return Received(known, created=False)
        refuse_over_quota(event, more=size)
        photo = Photo(
            event=event,
            chapter=chapter,
            uploaded_by=uploaded_by,
            filename=safe_name(name),
            original_filename=raw_name(name),
            checksum=sha256,
            file_size=size,
            width=header.width,
            height=header.height,
            mime_type=header.mime_type,
        )
        photo.storage_key = f"{photo_folder(event.pk, photo.pk)}/original{header.extension}"
        return _keep(photo, spooled, storage)
    finally:
        spooled.unlink(missing_ok=True)


def inspect(path: Path, *, size: int) -> ImageHeader:
    """Return what the file says it is, without decoding it; raises PhotoRefused."""
    if size > upload_limit_bytes():
        raise too_large()
    if not size:
        raise PhotoRefused(_("The file is empty."), code="empty", status=415)
    try:
        with path.open("rb") as file:
            header = read_header(file)
        check_limits(header, max_pixels=settings.MAX_MEGAPIXELS * 1_000_000)
    except HeaderProblem as problem:
        raise _refusal_of(problem) from problem
    return header


def _refusal_of(problem: HeaderProblem) -> PhotoRefused:
    if isinstance(problem, IncompleteFile):
        message = _("The file is incomplete. Copy it from the card again.")
        return PhotoRefused(message, code="incomplete", status=415)
    if isinstance(problem, TooManyPixels):
        limit = {"limit": settings.MAX_MEGAPIXELS}
        message = _("The photo has more than %(limit)d megapixels.") % limit
        return PhotoRefused(message, code="too_many_pixels", status=415)
    return PhotoRefused(unsupported_message(), code="unsupported", status=415)


def unsupported_message() -> str:
    """Return the sentence that names the kinds of files that are read."""
    return _("This is not a photo that we can read. We read JPEG, PNG, WebP and HEIC.")


def _refuse_changed(*, claimed: str, found: str) -> None:
    if claimed and claimed.strip().lower() != found:
        message = _("The file arrived changed: its SHA-256 is another. Send it again.")
        raise PhotoRefused(message, code="checksum", status=400)


def _same_content(event: Event, sha256: str) -> Photo | None:
    return living_photos(event).filter(checksum=sha256).first()


def refuse_over_quota(event: Event, *, more: int) -> None:
    """Raise PhotoRefused where `more` bytes are more than the event's quota leaves.

    Exact inside a transaction that holds the event's row; before, it spares a useless transfer.
    """
    quota = event.storage_quota
    if quota is not None and bytes_of(event) + more > quota:
        limit = {"limit": filesizeformat(quota)}
        message = _("The storage of this event is full: its limit is %(limit)s.") % limit
        raise PhotoRefused(message, code="quota", status=413)


def living_photos(event: Event) -> QuerySet[Photo]:
    """Return the photos of the event that were not deleted."""
    return Photo.objects.filter(event=event, deleted_at=None)


def bytes_of(event: Event) -> int:
    """Return how many bytes the originals of the event's living photos have together."""
    total: int | None = living_photos(event).aggregate(total=Sum("file_size"))["total"]
    return total or 0


def _keep(photo: Photo, spooled: Path, storage: PhotoStorage) -> Received:
    """Store the file, then the row: a row without a file must never be seen."""
    try:
        storage.store_file(photo.storage_key, spooled, content_type=photo.mime_type)
        _insert(photo)
    except IntegrityError as error:
        _take_back(photo, storage)
        # Eight senders of one file all find no photo, and all but one are refused by the database.
        known = _same_content(photo.event, photo.checksum)
        if known is None:
            message = _("This event or chapter was deleted in the meantime.")
            raise PhotoRefused(message, code="not_found", status=404) from error
        return Received(known, created=False)
    except BaseException:
        _take_back(photo, storage)
        raise
    return Received(photo, created=True)


@transaction.atomic
def _insert(photo: Photo) -> None:
    if photo.event.storage_quota is not None:
        # The lock lets one upload be counted at a time; likes and comments do not wait for it.
        held = Event.objects.select_for_update(no_key=True).filter(pk=photo.event_id).first()
        refuse_over_quota(held or photo.event, more=photo.file_size)
    photo.save(force_insert=True)
    jobs.ring()


def _take_back(photo: Photo, storage: PhotoStorage) -> None:
    """Remove the stored file, unless its row is there: a commit whose answer was lost."""
    try:
        if not Photo.objects.filter(pk=photo.pk).exists():
            storage.remove([photo.storage_key])
    except Exception:
        log.warning("%s is left to the sweep", photo.storage_key, exc_info=True)


def raw_name(name: str) -> str:
    """Return a name as it was sent, without what a database refuses, at most 255 characters."""
    whole = name.replace("\0", "").encode("utf-8", "replace").decode()
    return whole[:RAW_NAME_CHARACTERS]


def known_claims(*, event: Event, claims: list[Claim]) -> list[tuple[Claim, Photo]]:
    """Return the claimed files that the event has already, each with its photo.

    By content where the SHA-256 is claimed, else by name and size. One query.
    """
    sums = {claim.sha256 for claim in claims if claim.sha256}
    names = {raw_name(claim.name) for claim in claims if not claim.sha256}
    photos = living_photos(event).filter(Q(checksum__in=sums) | Q(original_filename__in=names))
    found: dict[Any, Photo] = {}
    for photo in photos.only("id", "checksum", "original_filename", "file_size", "status"):
        found[photo.checksum] = found[photo.original_filename, photo.file_size] = photo
    keys = [claim.sha256 or (raw_name(claim.name), claim.size) for claim in claims]
    return [(c, found[k]) for c, k in zip(claims, keys, strict=True) if k in found]


def find_chapter(event: Event, wanted: str) -> Chapter | None:
    """Return the event's chapter with this address or id; None for a blank one.

    Raises PhotoRefused where the event has no such chapter.
    """
    if not wanted:
        return None
    chapters = {str(key): c for c in event.chapters.all() for key in (c.pk, c.slug)}
    if wanted not in chapters:
        message = _("This event has no such chapter.")
        raise PhotoRefused(message, code="chapter", status=400)
    return chapters[wanted]
