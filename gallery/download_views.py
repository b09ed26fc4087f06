"""Taking photos home: one, or a ZIP that goes on where it broke off."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import UUIDField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from events.admission import Visit
from events.doors import gallery_door, switched_off
from events.models import Chapter
from gallery.delivery import (
    Deliverable,
    MemberGone,
    NothingToDownload,
    archive_bytes,
    check_members,
    damaged_members,
    deliverables,
    make_archive,
    photos_to_deliver,
    size_for,
)
from gallery.files import (
    ByteRange,
    UnsatisfiableRange,
    accelerated,
    attachment,
    describe,
    not_satisfiable,
    partial_response,
    wanted_range,
)
from gallery.models import Archive, Photo
from gallery.signals import photo_downloaded
from gallery.storage import photo_storage
from hafiportrait.lib.errors import counting_may_fail, problem, unavailable
from hafiportrait.lib.http import SeeOther, wants_json

ZIP_TYPE = "application/zip"
# Threads are few and phones are slow: what is left over keeps the pages answering.
_downloads = threading.BoundedSemaphore(settings.DOWNLOADS_AT_ONCE)
BUSY_SECONDS = 15


def _may_download(visit: Visit) -> bool:
    return visit.event.allow_downloads or visit.actor.sees_everything


def _downloads_are_off(request: HttpRequest) -> HttpResponse:
    return switched_off(request, _("Downloads are off for this gallery."))


@require_safe
@gallery_door
def photo_download(request: HttpRequest, visit: Visit, photo_id: UUID) -> HttpResponseBase:
    """Give one photo, as original or in web size, under the name that the camera gave it."""
    photo = Photo.objects.for_event(visit.event).visible_to(visit.actor).filter(pk=photo_id).first()
    if photo is None:
        raise Http404
    if not _may_download(visit):
        return _downloads_are_off(request)
    size = size_for(visit, request.GET.get("size", ""))
    files = deliverables([photo], size)
    if not files or photo.damaged_at:
        return unavailable(request)
    return _give_file(request, visit, files[0], size)


def _give_file(
    request: HttpRequest, visit: Visit, file: Deliverable, size: Archive.Size
) -> HttpResponseBase:
    storage = photo_storage()
    if storage.size(file.key) != file.size:
        Photo.objects.filter(pk=file.photo.pk).update(damaged_at=timezone.now())
        return unavailable(request)
    etag = f'"{file.photo.checksum[:32]}-{file.photo.generation}-{size.value.lower()}"'
    try:
        part = wanted_range(request, file.size, etag)
    except UnsatisfiableRange:
        return not_satisfiable(file.size)
    if request.method == "GET" and (part is None or part.start == 0):
        _record(request, visit, size, file.size, photo=file.photo)
    if link := _presigned(file):
        return HttpResponseRedirect(link)
    response: HttpResponseBase
    if settings.MEDIA_ACCEL_PREFIX:
        response = accelerated(file.key, file.content_type)
    else:
        wanted = part or ByteRange(0, file.size)
        response = _stream(
            request,
            storage.read(file.key, wanted.start, wanted.length),
            size=file.size,
            part=part,
            content_type=file.content_type,
            etag=etag,
        )
    response["Content-Disposition"] = attachment(file.name)
    return response


def _presigned(file: Deliverable) -> str | None:
    if settings.PHOTO_STORAGE == "disk":
        return None
    return photo_storage().presigned_url(
        file.key,
        starts_at=timezone.now().replace(second=0, microsecond=0),
        seconds=3600,
        filename=file.name,
        content_type=file.content_type,
    )


def _record(
    request: HttpRequest,
    visit: Visit,
    size: Archive.Size,
    byte_count: int,
    *,
    photo: Photo | None = None,
    archive: Archive | None = None,
) -> None:
    whole = archive is not None and archive.scope == Archive.Scope.ALL
    kind = "SINGLE" if photo else "BATCH_ALL" if whole else "BATCH_ZIP"
    with counting_may_fail():
        photo_downloaded.send(
            sender=Photo,
            request=request,
            visit=visit,
            photo=photo,
            archive=archive,
            download_type=kind,
            size=size.value,
            bytes=byte_count,
        )


@require_POST
@gallery_door
def archive_create(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Plan a ZIP of chosen photos, a chapter or everything, and lead on to its address."""
    if not _may_download(visit):
        return _downloads_are_off(request)
    size = size_for(visit, request.POST.get("size", ""))
    try:
        archive = _planned(request, visit, size)
    except NothingToDownload:
        return problem(
            request,
            400,
            "nothing_chosen",
            _("Choose at least one photo of this gallery."),
            title=_("Nothing chosen"),
        )
    archive.event = visit.event
    if wants_json(request):
        return JsonResponse(
            {
                "id": str(archive.pk),
                "url": archive.get_absolute_url(),
                "photos": archive.member_count,
                "bytes": archive.total_bytes,
            },
            status=201,
        )
    return SeeOther(archive.get_absolute_url())


def _planned(request: HttpRequest, visit: Visit, size: Archive.Size) -> Archive:
    """Return the archive that the form asks for; a chosen id that is not there is a 404."""
    if request.POST.get("all"):
        return make_archive(visit=visit, size=size)
    if slug := request.POST.get("chapter"):
        chapter = visit.event.chapters.filter(slug=slug).first() if slug.isprintable() else None
        if not isinstance(chapter, Chapter):
            raise Http404
        return make_archive(visit=visit, size=size, chapter=chapter)
    chosen = _chosen_ids(request)
    if photos_to_deliver(visit).filter(pk__in=chosen).count() != len(chosen):
        raise Http404
    return make_archive(visit=visit, size=size, photo_ids=chosen)


def _chosen_ids(request: HttpRequest) -> set[UUID]:
    field = UUIDField()
    try:
        return {field.to_python(text) for text in request.POST.getlist("photos")}
    except ValidationError:
        raise Http404 from None


@require_safe
@gallery_door
def archive_download(request: HttpRequest, visit: Visit, archive_id: UUID) -> HttpResponseBase:
    """Give the ZIP, or the part of it that is still missing."""
    archive = visit.event.archives.filter(pk=archive_id).first()
    if archive is None or not _may_take(visit, archive):
        raise Http404
    if not _may_download(visit):
        return _downloads_are_off(request)
    try:
        check_members(visit, archive)
    except MemberGone:
        return problem(
            request,
            410,
            "archive_changed",
            _("Photos of this download have changed since. Start the download again."),
            title=_("The download has changed"),
        )
    if damaged := damaged_members(archive):
        Photo.objects.filter(pk__in=damaged).update(damaged_at=timezone.now())
        return unavailable(request)
    etag = f'"{archive.etag}"'
    try:
        part = wanted_range(request, archive.total_bytes, etag)
    except UnsatisfiableRange:
        return not_satisfiable(archive.total_bytes)
    return _give_archive(request, visit, archive, part, etag)


def _may_take(visit: Visit, archive: Archive) -> bool:
    """Return whether this plan was made for somebody who may see no more than this person."""
    return visit.actor.sees_everything or archive.for_guests


def _give_archive(
    request: HttpRequest, visit: Visit, archive: Archive, part: ByteRange | None, etag: str
) -> HttpResponseBase:
    size = Archive.Size(archive.size)
    if request.method == "GET" and (part is None or part.start == 0):
        _record(request, visit, size, archive.total_bytes, archive=archive)
        archive.last_used_at = timezone.now()
        with counting_may_fail():
            archive.save(update_fields=["last_used_at"])
    wanted = part or ByteRange(0, archive.total_bytes)
    response = _stream(
        request,
        archive_bytes(archive, wanted.start, wanted.stop),
        size=archive.total_bytes,
        part=part,
        content_type=ZIP_TYPE,
        etag=etag,
    )
    response["Content-Disposition"] = attachment(archive.filename)
    return response


def _stream(
    request: HttpRequest,
    chunks: Iterator[bytes],
    *,
    size: int,
    part: ByteRange | None,
    content_type: str,
    etag: str,
) -> HttpResponseBase:
    """Answer with the bytes, without a body for HEAD, or with 503 while too many are on the way.

    The database connection goes back first: a download may last for minutes.
    """
    if request.method == "HEAD":
        response = HttpResponse(content_type=content_type, status=206 if part else 200)
        describe(response, length=part.length if part else size, etag=etag)
        if part:
            response["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
        return response
    if not _downloads.acquire(blocking=False):
        return problem(
            request,
            503,
            "busy",
            _("Many people are downloading right now. Try again in a moment."),
            title=_("Back in a moment"),
            retry_after=BUSY_SECONDS,
        )
    if not connection.in_atomic_block:
        connection.close()
    slot = _Slot(chunks)
    return partial_response(slot, size=size, part=part, content_type=content_type, etag=etag)


class _Slot(Iterator[bytes]):
    """The chunks of one download; its place is free again when the answer is closed."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks = chunks
        self.is_held = True

    def __next__(self) -> bytes:
        return next(self.chunks)

    def close(self) -> None:
        """Stop reading and free the place; called by the server however the answer ended."""
        if self.is_held:
            self.is_held = False
            _downloads.release()
        closing = getattr(self.chunks, "close", None)
        if closing is not None:
            closing()
