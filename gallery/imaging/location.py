"""Where a photo was taken, taken out of its file: lossless, the pixels stay byte for byte.

Nothing is decoded and, but for PNG chunks, nothing moves: positions and place names are
overwritten where they stand, so every offset in the file stays true. What a maker hides in its
own notes is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple
from zlib import crc32

from gallery.imaging import exif, iptc, png_text, xmp
from gallery.imaging.boxes import MalformedBoxes, boxes, read_items
from gallery.imaging.containers import (
    JPEG_SIGNATURE,
    PNG_SIGNATURE,
    WINDOW_BYTES,
    Piece,
    find_pattern,
    png_chunks,
    read_at,
    riff_chunks,
    size_of,
)

METADATA_LIMIT_BYTES = 16 << 20
"""How much metadata of one file is read; real files stay far below, the rest is blanked unread."""
BLOCK_LIMIT = 8_192
VIDEO_LIMIT = 64

# The start of a JPEG segment with metadata. Coded pixels never hold such bytes, so that looking
# for them finds the pictures behind the first one (MPO, motion photos) and in broken files too.
_SEGMENT = re.compile(
    rb"\xff[\xe1\xed](..)(Exif\x00.|http://ns\.adobe\.com/xap/1\.0/\x00"
    rb"|http://ns\.adobe\.com/xmp/extension/\x00|Photoshop 3\.0\x00)",
    re.DOTALL,
)
_SEGMENT_HEAD_BYTES = 128
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\x00"
# The packet's name, its full length, and where this part of it belongs.
_EXTENDED_XMP_HEAD_BYTES = 32 + 4 + 4
# The `©xyz` box of a video (ISO 6709), which phones append to a photo as its moving version.
_VIDEO_PLACE = re.compile(rb"\xa9xyz\x00...[+-][0-9]", re.DOTALL)
_VIDEO_BOXES = {b"mpvd", b"moov"}

Cleaner = Callable[[bytearray], None]
Extent = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Block:
    """Metadata of one kind, in one or more stretches of the file: (position, length) in bytes."""

    clean: Cleaner
    extents: list[Extent]

    @property
    def length(self) -> int:
        return sum(length for _, length in self.extents)


class _Patch(NamedTuple):
    """The bytes that take the place of those from `start` to `end`."""

    start: int
    end: int
    data: bytes


def has_location(file: BinaryIO) -> bool:
    """Tell whether a photo says where it was taken, by any field that `strip_location` removes.

    Takes an open, seekable JPEG, PNG, WebP or HEIF file and leaves it at its beginning. Other
    files and broken metadata are no error; only errors of the file system are passed on.
    """
    found = next(_patches(file), None) is not None
    file.seek(0)
    return found


def strip_location(source: BinaryIO, target: BinaryIO) -> bool:
    """Copy a photo without the place where it was taken and return whether anything changed.

    Removes the GPS directory of EXIF, positions and place names in XMP, place names in IPTC and
    the position of an appended video. All other bytes are copied as they are, in chunks; the
    size stays the same except for PNG. The source is left at its beginning. Errors as above.
    """
    patches = sorted(_patches(source))
    position = 0
    for patch in patches:
        _copy(source, target, position, patch.start)
        # Two items of a HEIF may share their bytes.
        target.write(patch.data[max(position - patch.start, 0) :])
        position = max(position, patch.end)
    _copy(source, target, position, size_of(source))
    source.seek(0)
    return bool(patches)


def _copy(source: BinaryIO, target: BinaryIO, start: int, end: int) -> None:
    for position in range(start, end, WINDOW_BYTES):
        target.write(read_at(source, position, min(WINDOW_BYTES, end - position)))


def _patches(file: BinaryIO) -> Iterator[_Patch]:
    start = read_at(file, 0, 12)
    if start.startswith(JPEG_SIGNATURE):
        return _block_patches(file, _jpeg_blocks(file))
    if start.startswith(PNG_SIGNATURE):
        return _png_patches(file)
    if start.startswith(b"RIFF"):
        return _block_patches(file, _webp_blocks(file))
    if start[4:8] == b"ftyp":
        return _block_patches(file, _heif_blocks(file))
    return iter(())


def _block_patches(file: BinaryIO, blocks: Iterator[_Block]) -> Iterator[_Patch]:
    budget = METADATA_LIMIT_BYTES
    for block in blocks:
        budget -= block.length
        for part in [block] if budget >= 0 else _unread_parts(block):
            yield from _changes(file, part)


def _unread_parts(block: _Block) -> Iterator[_Block]:
    for start, length in block.extents:
        for offset in range(0, length, WINDOW_BYTES):
            yield _Block(_blank, [(start + offset, min(WINDOW_BYTES, length - offset))])


def _blank(data: bytearray) -> None:
    data[:] = bytes(len(data))


def _changes(file: BinaryIO, block: _Block) -> Iterator[_Patch]:
    before = b"".join(read_at(file, *extent) for extent in block.extents)
    data = bytearray(before)
    block.clean(data)
    position = 0
    for start, length in block.extents:
        after = bytes(data[position : position + length])
        if after != before[position : position + length]:
            yield _Patch(start, start + length, after)
        position += length


def _extents(stretches: list[Extent], size: int) -> list[Extent]:
    """Cut (start, length) stretches off at the end of the file."""
    return [(start, min(length, size - start)) for start, length in stretches if start < size]


def _jpeg_blocks(file: BinaryIO) -> Iterator[_Block]:
    """Join segments to blocks: EXIF, XMP and Photoshop data may each run over several."""
    blocks: list[_Block] = []
    latest: dict[bytes, _Block] = {}
    extended: dict[bytes, list[tuple[bytes, Extent]]] = {}
    for label, payload, head in _jpeg_metadata(file):
        extent = (payload.start, payload.length)
        if label == _EXTENDED_XMP:
            ...
    yield from blocks


def _webp_blocks(file: BinaryIO) -> Iterator[_Block]:
    cleaners = {b"EXIF": exif.blank_places, b"XMP ": xmp.blank_places}
    size = size_of(file)
    for chunk in riff_chunks(file, size):
        if chunk.kind in cleaners:
            yield _Block(cleaners[chunk.kind], _extents([chunk[1:]], size))
