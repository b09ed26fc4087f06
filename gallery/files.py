"""How a stored file is answered over HTTP: whole or in part, by us or by nginx."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from urllib.parse import quote

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from gallery.links import MediaLink, window_end
from gallery.storage import photo_storage

RENDITION_TYPES = {"webp": "image/webp", "jpg": "image/jpeg"}
RANGE_PATTERN = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class UnsatisfiableRange(ValueError):
    """The range starts behind the end of the file."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from `start` up to, not including, `stop`."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """How many bytes it has."""
        return self.stop - self.start


def serve_rendition(link: MediaLink) -> HttpResponseBase | None:
    """Answer a live link from local disk, or return None where the file is gone."""
    path = photo_storage().local_path(link.key)
    content_type = RENDITION_TYPES.get(link.file.rpartition(".")[2])
    if path is None or content_type is None:
        return None
    response: HttpResponseBase
    if settings.MEDIA_ACCEL_PREFIX:
        if not path.is_file():
            return None
        response = accelerated(link.key, content_type)
    else:
        try:
            file = path.open("rb")
        except OSError:
            return None
        response = _whole_file(file, content_type)
    left = int(window_end(link.window) - time.time())
    response["Cache-Control"] = f"private, max-age={left}, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def accelerated(key: str, content_type: str) -> HttpResponse:
    """Return the answer that has nginx send the file, in part too, while our thread is free."""
    response = HttpResponse(content_type=content_type)
    response["X-Accel-Redirect"] = settings.MEDIA_ACCEL_PREFIX + quote(key)
    return response


def _whole_file(file: IO[bytes], content_type: str) -> FileResponse:
    # With its length and type given, FileResponse guesses nothing and stats nothing more.
    headers = {"Content-Length": str(os.fstat(file.fileno()).st_size)}
    return FileResponse(file, content_type=content_type, headers=headers)


def wanted_range(request: HttpRequest, size: int, etag: str) -> ByteRange | None:
    """Return the part that a request asks for, None for the whole.

    `If-Range` with another ETag (or a date) asks for the whole. Several ranges at once, and what
    is no range of bytes, are answered with the whole too, as RFC 9110 section 14.2 allows. Raises
    UnsatisfiableRange (416).
    """
    header = request.headers.get("Range", "")
    if not header or request.headers.get("If-Range", etag) != etag:
        return None
    match = RANGE_PATTERN.fullmatch(header.replace(" ", ""))
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:  # the last n bytes
        if int(last) == 0:
            raise UnsatisfiableRange
        return ByteRange(max(0, size - int(last)), size)
    start, stop = int(first), min(int(last) + 1, size) if last else size
    if start >= size:
        raise UnsatisfiableRange
    return ByteRange(start, stop) if stop > start else None


def attachment(filename: str) -> str:
    """Return the Content-Disposition of a download: RFC 5987, with a plain name for old readers."""
    plain = filename.encode("ascii", "replace").decode().replace("?", "_")
    plain = re.sub(r'["\\\r\n]', "_", plain)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def partial_response(
    chunks: Iterator[bytes], *, size: int, part: ByteRange | None, content_type: str, etag: str
) -> StreamingHttpResponse:
    """Return the streamed answer with the exact length: 200 for the whole, 206 for a part."""
    response = StreamingHttpResponse(chunks, content_type=content_type, status=206 if part else 200)
    wanted = part or ByteRange(0, size)
    if part:
        response["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    describe(response, length=wanted.length, etag=etag)
    return response


def describe(response: HttpResponseBase, *, length: int, etag: str) -> None:
    """Write the headers that every download has, with or without a body."""
    response["Content-Length"] = str(length)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-cache"


def not_satisfiable(size: int) -> HttpResponse:
    """Answer 416: the range starts behind the end."""
    return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
