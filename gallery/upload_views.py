"""The upload page of an event, and what its script asks: which files are there, how far they are.

The addresses stand below `/admin/gallery/photo/`, where `PhotoAdmin` wraps them in `admin_view`.
"""

from __future__ import annotations

import json
import logging
import re
import time
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import connection
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.urls.converters import UUIDConverter
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from events.models import Event
from gallery.models import Photo
from gallery.services import retry_photos
from gallery.storage import photo_storage
from gallery.upload_handler import HashingUploadHandler
from gallery.uploads import (
    CHUNK_BYTES,
    Claim,
    PhotoRefused,
    Received,
    find_chapter,
    known_claims,
    living_photos,
    receive_photo,
    refuse_over_quota,
    too_large,
    unsupported_message,
    upload_limit_bytes,
)
from hafiportrait.lib.errors import (
    bad_request,
    forbidden,
    is_no_room,
    is_outage,
    no_room,
    not_found,
    problem,
    unavailable,
)
from hafiportrait.lib.http import SeeOther, safe_next, wants_json

log = logging.getLogger(__name__)

# What the other fields of the form and its boundaries may take beside the file.
FORM_BYTES = 64 * 1024
LINGER_SECONDS = 5
CLAIMS_LIMIT = 500
SHOWN_FAILURES = 50
SHA256 = re.compile(r"[0-9a-fA-F]{64}")
AT_WORK = (Photo.Status.PENDING, Photo.Status.PROCESSING)


def gate(request: HttpRequest, event_id: str) -> HttpResponse | None:
    """Refuse an upload by its headers, before the body is read; else read the body to the disk.

    Asked by `BodyGateMiddleware`, ahead of the check of the form's token, which needs the form.
    """
    refusal = _refusal_by_headers(request, event_id)
    if refusal is not None:
        return _linger(request, refusal)
    _let_the_database_go()
    return _read_body(request)


def _refusal_by_headers(request: HttpRequest, event_id: str) -> HttpResponse | None:
    if not admin.site.has_permission(request):
        return forbidden(request)
    try:
        event = _find_event(event_id)
        length = _length_of(request)
        if length > upload_limit_bytes() + FORM_BYTES:
            raise too_large()
        refuse_over_quota(event, more=max(1, length - FORM_BYTES))
    except Http404:
        return not_found(request)
    except PhotoRefused as refused:
        return _refuse(request, refused)
    return None


def _linger(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Pass over the body for a few seconds once the answer is sent (RFC 9112, 9.6).

    A connection that is closed on unread data is reset, and many a sender that is still busy
    sending then never sees why. Gunicorn itself passes over 64 KB only.
    """
    connected: Any = request.META.get("gunicorn.socket")
    if connected is None:
        return answer
    close = answer.close

    def close_and_linger() -> None:
        close()
        deadline = time.monotonic() + LINGER_SECONDS
        with suppress(OSError):
            while (left := deadline - time.monotonic()) > 0:
                connected.settimeout(left)
                if not request.META["wsgi.input"].read(CHUNK_BYTES):
                    break

    answer.close = close_and_linger  # type: ignore[method-assign]  # WSGI's hook after the last byte
    return answer


def _length_of(request: HttpRequest) -> int:
    """Return the length of the body in bytes; Django reads no body whose length is unknown."""
    length = request.META.get("CONTENT_LENGTH", "")
    if length.isdecimal():
        return int(length)
    message = _("The upload does not say how long it is.")
    raise PhotoRefused(message, code="length_required", status=411)


def _let_the_database_go() -> None:
    """Give the connection back while a slow sender is waited for: the pool has few of them."""
    if not connection.in_atomic_block:
        connection.close()


def _read_body(request: HttpRequest) -> HttpResponse | None:
    """Stream the form's file to the disk; returns the refusal of a form that cannot be read."""
    handler = HashingUploadHandler(request, storage=photo_storage())
    request.upload_handlers = [handler]
    try:
        _form_of(request)
    except RequestDataTooBig:
        handler.discard()
        return _refuse(request, too_large())
    except (MultiPartParserError, BadRequest, SuspiciousOperation, UnreadablePostError):
        handler.discard()
        return bad_request(request)
    except BaseException:
        handler.discard()
        raise
    return None


def _form_of(request: HttpRequest) -> QueryDict:
    return request.POST


@require_http_methods(["GET", "HEAD", "POST"])
def gallery_photo_upload(request: HttpRequest, event_id: str) -> HttpResponse:
    """Show the upload page of an event; POST takes one `file` in."""
    event = _find_event(event_id)
    if request.method != "POST":
        return _page(request, event)
    try:
        received = _receive(request, event)
    except PhotoRefused as refused:
        return _refuse(request, refused, event=event)
    except Exception as error:
        if is_no_room(error):
            return no_room(request)
        if is_outage(error) or isinstance(error, OSError):
            log.warning("an upload was not saved: %s", error)
            return unavailable(request)
        raise
    return _answer(request, received)


gallery_photo_upload.before_body = gate  # type: ignore[attr-defined]  # read by BodyGateMiddleware


def _receive(request: HttpRequest, event: Event) -> Received:
    (handler,) = request.upload_handlers
    if not isinstance(handler, HashingUploadHandler):
        raise TypeError("the upload's body was read without its gate")
    spool = handler.spool()
    return receive_photo(
        event=event,
        spooled=spool.path,
        sha256=spool.sha256,
        size=spool.size,
        name=handler.sent_name,
        uploaded_by=request.user,  # type: ignore[arg-type]  # the gate let staff in only
        chapter=find_chapter(event, request.POST.get("chapter", "")),
        claimed_sha256=request.POST.get("sha256", ""),
        storage=photo_storage(),
    )


def _answer(request: HttpRequest, received: Received) -> HttpResponse:
    photo = received.photo
    if _wants_page(request):
        text = _("%(name)s was uploaded.") if received.created else _("%(name)s was there already.")
        messages.success(request, text % {"name": photo.filename})
        return SeeOther(request.path)
    body: dict[str, Any] = {"id": photo.pk, "status": photo.status}
    if not received.created:
        body["duplicate"] = True
    return JsonResponse(body, status=201 if received.created else 200)


def _refuse(
    request: HttpRequest, refused: PhotoRefused, *, event: Event | None = None
) -> HttpResponse:
    """Say why, on the page that has the form where the body was read."""
    if event is not None and _wants_page(request):
        messages.error(request, refused.message)
        return _page(request, event, status=refused.status)
    return problem(request, refused.status, refused.code, refused.message)


def _wants_page(request: HttpRequest) -> bool:
    """Return whether a browser's own form asks; a bare script that takes anything gets JSON."""
    return "text/html" in request.headers.get("Accept", "") and not wants_json(request)


def _page(request: HttpRequest, event: Event, *, status: int = 200) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Upload photos"),
        "subtitle": event.title,
        "opts": Photo._meta,
        "event": event,
        "chapters": event.chapters.all(),
        "limit_mb": settings.MAX_UPLOAD_MB,
        "limit_bytes": upload_limit_bytes(),
        "is_indonesian": get_language() == "id",
        "texts": _texts(),
    }
    return render(request, "gallery/admin/upload.html", context, status=status)


def _texts() -> dict[str, str]:
    """Return what the script says; `{…}` is filled in there, `%{…}` by Uppy."""
    return {
        "dashboard": _("Photos to upload"),
        "drop": _("Drop photos here, or choose %{browseFiles} or %{browseFolders}"),
        "dropFiles": _("Drop photos here, or choose %{browseFiles}"),
        "files": _("photos"),
        "folder": _("a folder"),
        "checking": _("Checking which photos are there already …"),
        "unsupported": unsupported_message(),
        "tooLarge": str(too_large()),
        "network": _("The connection broke. Try this file again."),
        "signedOut": _("You are no longer logged in. Log in in another tab, then try again."),
        "reload": _("The page was open too long. Reload it; nothing is uploaded twice."),
        "failed": _("The upload failed. Try this file again."),
        "working": _("In work: {waiting} · ready: {ready} · failed: {failed}"),
        "allReady": _("All {ready} photos of this event are ready."),
        "retry": _("Try again"),
    }


@require_POST
def gallery_photo_known(request: HttpRequest, event_id: str) -> HttpResponse:
    """Answer which of the files in a JSON list of `{"name", "size", "sha256"}` are there."""
    event = _find_event(event_id)
    try:
        claims = _read_claims(request)
    except RequestDataTooBig:
        message = _("Ask for at most %(limit)d files at a time.") % {"limit": CLAIMS_LIMIT}
        return problem(request, 413, "too_many", message)
    except (ValueError, UnreadablePostError):
        return bad_request(request)
    known = [
        {
            "name": claim.name,
            "size": claim.size,
            "sha256": claim.sha256,
            "id": photo.pk,
            "status": photo.status,
        }
        for claim, photo in known_claims(event=event, claims=claims)
    ]
    return JsonResponse({"known": known})


def _read_claims(request: HttpRequest) -> list[Claim]:
    """Read the body; raises ValueError for another form, RequestDataTooBig for too many."""
    # A list nested too deeply for Python is no list of files either.
    try:
        entries = json.loads(request.body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(entries, list):
        raise ValueError("not a list")  # noqa: TRY004  # the sender's mistake, not the caller's
    if len(entries) > CLAIMS_LIMIT:
        raise RequestDataTooBig
    return [_read_claim(entry) for entry in entries]


def _read_claim(entry: object) -> Claim:
    if not isinstance(entry, dict):
        raise ValueError("not a file")  # noqa: TRY004  # the sender's mistake, not the caller's
    match entry.get("name"), entry.get("size"), entry.get("sha256") or "":
        case str(name), int(size), str(sha256) if not sha256 or SHA256.fullmatch(sha256):
            return Claim(name, size, sha256.lower())
    raise ValueError("not a file")


@require_safe
def gallery_photo_progress(request: HttpRequest, event_id: str) -> HttpResponse:
    """Answer how many of the event's photos are ready, in work, and failed for which reason."""
    photos = living_photos(_find_event(event_id))
    counts = dict(photos.values_list("status").annotate(Count("pk")).order_by())
    failed = photos.filter(status=Photo.Status.FAILED).order_by("uploaded_at", "pk")
    return JsonResponse(
        {
            "ready": counts.get(Photo.Status.READY, 0),
            "waiting": sum(counts.get(status, 0) for status in AT_WORK),
            "failed": counts.get(Photo.Status.FAILED, 0),
            "failures": [
                _status_of(photo)
                | {
                    "name": photo.filename,
                    "retry": reverse("admin:gallery_photo_retry", args=[photo.pk]),
                }
                for photo in failed[:SHOWN_FAILURES]
            ],
        }
    )


@require_safe
def gallery_photo_status(request: HttpRequest, photo_id: str) -> HttpResponse:
    """Answer how far one photo is."""
    return JsonResponse(_status_of(_find_photo(photo_id)))


@require_POST
def gallery_photo_retry(request: HttpRequest, photo_id: str) -> HttpResponse:
    """Have a failed photo tried again; any other stays as it is."""
    photo = _find_photo(photo_id)
    retry_photos(photos=Photo.objects.filter(pk=photo.pk))
    if _wants_page(request):
        return SeeOther(safe_next(request, reverse("admin:gallery_photo_change", args=[photo.pk])))
    return JsonResponse(_status_of(_find_photo(photo_id)))


def _status_of(photo: Photo) -> dict[str, Any]:
    # The worker speaks no language: it writes the source text of a translated sentence.
    return {
        "id": photo.pk,
        "status": photo.status,
        "error": _(photo.error) if photo.error else "",
    }


def _find_event(event_id: str) -> Event:
    event = Event.objects.filter(pk=_read_id(event_id)).first()
    if event is None:
        raise Http404
    return event


def _find_photo(photo_id: str) -> Photo:
    photo: Photo | None = Photo.objects.filter(pk=_read_id(photo_id), deleted_at=None).first()
    if photo is None:
        raise Http404
    return photo


def _read_id(text: str) -> UUID:
    """Read an id that stands in an address.

    The addresses take any text, because what they did not take the admin would redirect.
    """
    if not re.fullmatch(UUIDConverter.regex, text):
        raise Http404
    return UUID(text)


upload_urls: list[URLPattern] = [
    path("upload/<str:event_id>/", gallery_photo_upload, name="gallery_photo_upload"),
    path("upload/<str:event_id>/known/", gallery_photo_known, name="gallery_photo_known"),
    path("upload/<str:event_id>/progress/", gallery_photo_progress, name="gallery_photo_progress"),
    path("<str:photo_id>/status/", gallery_photo_status, name="gallery_photo_status"),
    path("<str:photo_id>/retry/", gallery_photo_retry, name="gallery_photo_retry"),
]
