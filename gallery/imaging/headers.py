"""What a file says it is: kind and size of a photograph from its own bytes, no pixel decoded.

This is the door of the photo intake: what is refused here never reaches a decoder. The name of
the file and what the browser claims play no part.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Literal

from gallery.imaging.boxes import MalformedBoxes, boxes, read_items
from gallery.imaging.containers import (
    JPEG_END_MARK,
    JPEG_SIGNATURE,
    PNG_SIGNATURE,
    Piece,
    find_pattern,
    jpeg_segments,
    png_chunks,
    read_at,
    riff_chunks,
    size_of,
)

Format = Literal["JPEG", "PNG", "WEBP", "HEIF"]
Size = tuple[int, int]

SIDE_LIMIT_PX = 65_535
"""The longest side a JPEG can state; no camera and no stitched panorama comes near."""

_KINDS: dict[Format, tuple[str, str]] = {
    "JPEG": ("image/jpeg", ".jpg"),
    "PNG": ("image/png", ".png"),
    "WEBP": ("image/webp", ".webp"),
    "HEIF": ("image/heic", ".heic"),
}

# Start of frame, in all the codings; C4, C8 and CC in their midst mean other things.
_FRAMES = {bytes([marker]) for marker in range(0xC0, 0xD0)} - {b"\xc4", b"\xc8", b"\xcc"}
_SCAN, _END = b"\xda", JPEG_END_MARK[1:]
_END_MARK = re.compile(JPEG_END_MARK)
# Covers the padding that cameras write after the end mark.
_TAIL_BYTES = 65_536

_WEBP_PICTURES = {b"VP8 ", b"VP8L", b"ANMF"}

_HEVC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_ANY_CODEC_BRANDS = {b"mif1", b"mif2", b"msf1"}
_OTHER_CODEC_BRANDS = {b"avif", b"avis"}
_CODED = b"hvc1"
_PICTURES = {_CODED, b"grid", b"iden", b"iovl"}
_BRANDS_LIMIT_BYTES = 4_096


class HeaderProblem(ValueError):
    """A file is not a photograph that is accepted."""


class UnsupportedFormat(HeaderProblem):
    """A file is empty or of a kind that is not read."""


class IncompleteFile(HeaderProblem):
    """A file starts as a photograph and ends before the photograph does."""


class TooManyPixels(HeaderProblem):
    """A photograph is larger than what may be decoded."""


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """Kind and size of a whole photograph; width and height in pixels before any orientation."""

    format: Format
    width: int
    height: int

    @property
    def mime_type(self) -> str:
        return _KINDS[self.format][0]

    @property
    def extension(self) -> str:
        return _KINDS[self.format][1]

    @property
    def pixel_count(self) -> int:
        return self.width * self.height


def read_header(file: BinaryIO) -> ImageHeader:
    """Read what the file is, and that it is whole as far as its container shows.

    Takes an open, seekable binary file and leaves it at its beginning. Seeks instead of reading
    wherever it can, at most 1 MB is in memory at once.

    Raises UnsupportedFormat for every other kind of file (an empty one too) and IncompleteFile
    where the end is missing: the end mark of a JPEG, IEND of a PNG, the stated length of a WebP
    or of the boxes of a HEIF. Errors of the file system are passed on.
    """
    try:
        image_format, reader = _recognise(read_at(file, 0, 12))
        width, height = reader(file, size_of(file))
    except struct.error as error:
        raise IncompleteFile("The file ends inside its header.") from error
    finally:
        file.seek(0)
    if not width or not height:
        raise UnsupportedFormat("The picture has no size.")
    return ImageHeader(image_format, width, height)


def check_limits(header: ImageHeader, *, max_pixels: int) -> None:
    """Raise TooManyPixels where a photo has more pixels, or longer sides, than may be decoded."""
    if header.pixel_count > max_pixels or max(header.width, header.height) > SIDE_LIMIT_PX:
        raise TooManyPixels(f"{header.width} × {header.height} pixels are too many.")


def _recognise(start: bytes) -> tuple[Format, Callable[[BinaryIO, int], Size]]:
    if start.startswith(JPEG_SIGNATURE):
        return "JPEG", _read_jpeg
    if start.startswith(PNG_SIGNATURE):
        return "PNG", _read_png
    if start.startswith(b"RIFF") and start[8:] == b"WEBP":
        return "WEBP", _read_webp
    if start[4:8] == b"ftyp":
        return "HEIF", _read_heif
    raise UnsupportedFormat("The file is no JPEG, PNG, WebP or HEIC.")


def _read_jpeg(file: BinaryIO, size: int) -> Size:
    frame: Size | None = None
    for segment in jpeg_segments(file):
        if segment.kind in _FRAMES and frame is None:
            height, width = struct.unpack(">xHH", read_at(file, segment.start, 5))
            frame = (width, height)
        elif segment.kind == _SCAN and frame is not None:
            _require_end_mark(file, segment.end, size)
            return frame
        elif segment.kind in {_SCAN, _END}:
            raise UnsupportedFormat("The JPEG has no picture.")
    raise IncompleteFile("The JPEG ends before its pixels.")


def _require_end_mark(file: BinaryIO, pixels_start: int, size: int) -> None:
    """Look near the end of the file first, then everywhere after the start of the pixels.

    Coded pixels never hold the two bytes. What follows them may be long: the second picture of
    an MPO, the video of a motion photo, padding.
    """
    for start in (max(pixels_start, size - _TAIL_BYTES), pixels_start):
        if find_pattern(file, _END_MARK, start, size) is not None:
            return
    raise IncompleteFile("The JPEG has no end mark.")


def _read_png(file: BinaryIO, size: int) -> Size:
    chunks = png_chunks(file)
    first = next(chunks, None)
    if first is None:
        raise IncompleteFile("The PNG ends before its header.")
    if (first.kind, first.length) != (b"IHDR", 13):
        raise UnsupportedFormat("The PNG does not start with its header.")
    width, height = struct.unpack(">II", read_at(file, first.start, 8))
    has_pixels = False
    for chunk in chunks:
        has_pixels = has_pixels or chunk.kind == b"IDAT"
        if chunk.kind == b"IEND" and has_pixels and chunk.end + 4 <= size:
            return width, height
    raise IncompleteFile("The PNG has no end.")


def _read_webp(file: BinaryIO, size: int) -> Size:
    (length,) = struct.unpack("<I", read_at(file, 4, 4))
    end = 8 + length
    if end > size:
        raise IncompleteFile("The WebP is shorter than it says.")
    size_of_first: Size | None = None
    has_pixels = False
    for chunk in riff_chunks(file, end):
        if size_of_first is None:
            size_of_first = _webp_size(chunk.kind, read_at(file, chunk.start, 10))
        if chunk.end > end:
            raise IncompleteFile("A part of the WebP is shorter than it says.")
        has_pixels = has_pixels or chunk.kind in _WEBP_PICTURES
    if size_of_first is None or not has_pixels:
        raise IncompleteFile("The WebP ends before its pixels.")
    return size_of_first


def _webp_size(kind: bytes, data: bytes) -> Size:
    """Read the size from the first chunk of a WebP (RFC 9649, sections 2.5 to 2.7)."""
    if kind == b"VP8X" and len(data) == 10:
        width, height = data[4:7], data[7:10]
        return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
    if kind == b"VP8L" and data[:1] == b"\x2f":
        (bits,) = struct.unpack("<I", data[1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        width_bits, height_bits = struct.unpack("<HH", data[6:10])
        return width_bits & 0x3FFF, height_bits & 0x3FFF
    raise UnsupportedFormat("The WebP does not start with a picture.")


def _read_heif(file: BinaryIO, size: int) -> Size:
    _require_brand(file)
    _require_whole_boxes(file, size)
    try:
        table = read_items(file)
    except MalformedBoxes as error:
        raise UnsupportedFormat("The HEIF has no table of pictures.") from error
    pictures = {number: item for number, item in table.items.items() if item.kind in _PICTURES}
    primary = pictures.get(table.primary)
    if primary is None or primary.size is None:
        raise UnsupportedFormat("The HEIF names no picture to show.")
    if all(item.kind != _CODED for item in pictures.values()):
        raise UnsupportedFormat("The HEIF is not coded as HEVC.")
    if any(at + length > size for item in pictures.values() for at, length in item.extents):
        raise IncompleteFile("The HEIF ends before its pixels.")
    return primary.size


def _require_brand(file: BinaryIO) -> None:
    first = next(boxes(file, 0, _BRANDS_LIMIT_BYTES), Piece(b"", 0, 0))
    data = read_at(file, first.start, min(first.length, _BRANDS_LIMIT_BYTES))
    # The second four bytes are a version, the others are brands.
    brands = {data[at : at + 4] for at in range(0, len(data), 4) if at != 4}
    if brands & _HEVC_BRANDS:
        return
    if brands & _OTHER_CODEC_BRANDS or not brands & _ANY_CODEC_BRANDS:
        raise UnsupportedFormat("The file is no HEIC or HEIF.")


def _require_whole_boxes(file: BinaryIO, size: int) -> None:
    for box in boxes(file, 0, size):
        if box.end > size and box.kind.isalnum():
            raise IncompleteFile("A part of the HEIF is shorter than it says.")
