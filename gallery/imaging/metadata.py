"""Where photographs keep their metadata: EXIF, XMP and IPTC blocks, by container.

A block is what its reader sees as one: it may be scattered over several stretches of the file.
PNG is not here, since its chunks have to be rewritten (`png_text`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from gallery.imaging import exif, iptc, xmp
from gallery.imaging.boxes import MalformedBoxes, boxes, read_items
from gallery.imaging.containers import (
    JPEG_END_MARK,
    find_pattern,
    read_at,
    riff_chunks,
    size_of,
)

SEGMENT_LIMIT = 8_192
ROUND_LIMIT = 4
VIDEO_LIMIT = 64
HEIF_ITEM_LIMIT_BYTES = 4 << 20

_EXIF = b"Exif\x00"
_XMP = b"http://ns.adobe.com/xap/1.0/\x00"
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\x00"
_PHOTOSHOP = b"Photoshop 3.0\x00"
# Coded pixels never hold such bytes, so that looking for them anywhere finds the metadata of the
# pictures behind the first one too (MPO, motion photos), and that of broken files.
_LABELS = (_EXIF, _XMP, _EXTENDED_XMP, _PHOTOSHOP)
_SEGMENT = re.compile(
    rb"\xff[\xe1\xed]..(?:" + b"|".join(map(re.escape, _LABELS)) + b")", re.DOTALL
)
_SEGMENT_HEAD_BYTES = 128
# Name of the packet, its full length, and where this part belongs (XMP part 3, 1.1.3.1).
_EXTENDED_NAME_BYTES, _EXTENDED_PLACE, _EXTENDED_HEAD_BYTES = 32, slice(36, 40), 40

# The `©xyz` box of a video (ISO 6709), which phones append to a photo as its moving version.
_VIDEO_PLACE = re.compile(rb"\xa9xyz\x00...[+-][0-9]", re.DOTALL)
_VIDEO_BOXES = {b"mpvd", b"moov"}

Cleaner = Callable[[bytearray], None]
Extent = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Block:
    """Metadata of one kind, in one or more stretches of the file: (position, length) in bytes.

    `blank_places` overwrites the places in the joined bytes of all stretches, at equal length.
    """

    blank_places: Cleaner
    extents: list[Extent]

    @property
    def length(self) -> int:
        return sum(length for _, length in self.extents)


def without_places(blank_places: Cleaner, data: bytes) -> bytes:
    """Return metadata of the same length in which the cleaner finds nothing more to blank.

    Broken metadata may show another place once the first is gone. What does not settle, and no
    real file is known to need a second go, becomes zeros altogether.
    """
    block = bytearray(data)
    for _ in range(ROUND_LIMIT):
        before = bytes(block)
        blank_places(block)
        if block == before:
            return before
    return bytes(len(data))


class _Segment(NamedTuple):
    """A segment of a JPEG by its label; `start` and `length` are of what follows the label."""

    label: bytes
    start: int
    length: int
    head: bytes


# Who cleans what is under a label, and how the first segment of a new block begins.
_JPEG_LABELS: dict[bytes, tuple[Cleaner, tuple[bytes, ...]]] = {
    _EXIF: (exif.blank_places, (b"II", b"MM")),
    _XMP: (xmp.blank_places, (b"",)),
    _PHOTOSHOP: (iptc.blank_places, (b"8BIM",)),
}


def jpeg_blocks(file: BinaryIO) -> Iterator[Block]:
    """Yield the metadata of all pictures in a JPEG file, and the place of an appended video."""
    size = size_of(file)
    segments = list(_jpeg_segments(file, size))
    yield from _joined(segments)
    # The video of a motion photo is the last thing in its file.
    if read_at(file, size - 2, 2) != JPEG_END_MARK:
        start = segments[-1].start + segments[-1].length if segments else 0
        yield from _video_blocks(file, start, size)


def _joined(segments: list[_Segment]) -> list[Block]:
    """Join the segments that are one to their readers; extended XMP may be in any order."""
    blocks: list[Block] = []
    latest: dict[bytes, Block] = {}
    extended: dict[bytes, list[tuple[bytes, Extent]]] = {}
    for label, start, length, head in segments:
        if label == _EXTENDED_XMP:
            part = (start + _EXTENDED_HEAD_BYTES, max(length - _EXTENDED_HEAD_BYTES, 0))
            parts = extended.setdefault(head[:_EXTENDED_NAME_BYTES], [])
            parts.append((head[_EXTENDED_PLACE], part))
            continue
        cleaner, beginnings = _JPEG_LABELS[label]
        if label not in latest or head.startswith(beginnings):
            latest[label] = Block(cleaner, [])
            blocks.append(latest[label])
        latest[label].extents.append((start, length))
    for parts in extended.values():
        blocks.append(Block(xmp.blank_places, [extent for _, extent in sorted(parts)]))
    return blocks


def webp_blocks(file: BinaryIO) -> Iterator[Block]:
    """Yield the EXIF and XMP chunks of a WebP."""
    cleaners = {b"EXIF": exif.blank_places, b"XMP ": xmp.blank_places}
    size = size_of(file)
    for chunk in riff_chunks(file, size):
        if chunk.kind in cleaners:
            yield Block(cleaners[chunk.kind], _inside([(chunk.start, chunk.length)], size))


def heif_blocks(file: BinaryIO) -> Iterator[Block]:
    """Yield the EXIF and XMP items of a HEIF file, and the place of an embedded video."""
    size = size_of(file)
    try:
        items = read_items(file).items.values()
    except MalformedBoxes:
        return
    blocks = []
    for item in items:
        cleaner = _heif_cleaner(item.kind, item.content_type)
        extents = _inside(item.extents, size)
        if cleaner is not None and sum(length for _, length in extents) <= HEIF_ITEM_LIMIT_BYTES:
            blocks.append(Block(cleaner, extents))
    blocks = _disjoint(blocks)
    yield from blocks
    taken = [extent for block in blocks for extent in block.extents]
    for box in boxes(file, 0, size):
        is_apart = all(start + length <= box.start or start >= box.end for start, length in taken)
        if box.kind in _VIDEO_BOXES and is_apart:
            yield from _video_blocks(file, box.start, min(box.end, size))


def _disjoint(blocks: list[Block]) -> list[Block]:
    """Where items share bytes, which only broken files do, clean run by run for both kinds."""
    runs: list[Extent] = []
    for start, length in sorted(extent for block in blocks for extent in block.extents):
        first, end = (runs[-1][0], sum(runs[-1])) if runs else (0, 0)
        if start < end:
            runs[-1] = (first, max(end, start + length) - first)
        else:
            runs.append((start, length))
    if sum(length for _, length in runs) == sum(block.length for block in blocks):
        return blocks
    return [Block(_blank_any_place, [run]) for run in runs]


def _blank_any_place(data: bytearray) -> None:
    exif.blank_places(data)
    xmp.blank_places(data)


def _heif_cleaner(kind: bytes, content_type: bytes) -> Cleaner | None:
    if kind == b"Exif":
        return exif.blank_places
    if kind == b"mime" and content_type == b"application/rdf+xml":
        return xmp.blank_places
    return None


def _inside(extents: Iterable[Extent], size: int) -> list[Extent]:
    """Cut (position, length) extents off at the end of the file."""
    return [(start, min(length, size - start)) for start, length in extents if start < size]


def _jpeg_segments(file: BinaryIO, size: int) -> Iterator[_Segment]:
    position = 0
    for _ in range(SEGMENT_LIMIT):
        found = find_pattern(file, _SEGMENT, position, size)
        if found is None:
            return
        head = read_at(file, found, _SEGMENT_HEAD_BYTES)
        label = next(label for label in _LABELS if head.startswith(label, 4))
        # Two bytes of padding follow "Exif", the first of which is part of the label.
        start = 4 + len(label) + (1 if label == _EXIF else 0)
        position = min(found + 2 + int.from_bytes(head[2:4], "big"), size)
        yield _Segment(label, found + start, max(position - found - start, 0), head[start:])
        position = max(position, found + start)


def _video_blocks(file: BinaryIO, start: int, end: int) -> Iterator[Block]:
    for _ in range(VIDEO_LIMIT):
        found = find_pattern(file, _VIDEO_PLACE, start, end)
        if found is None:
            return
        text_length = int.from_bytes(read_at(file, found + 4, 2), "big")
        yield Block(_free_box, _inside([(found, 8 + text_length)], end))
        start = found + 8 + text_length


def _free_box(box: bytearray) -> None:
    """Turn a box, from its name on, into one that players pass over (ISO 14496-12, 8.1.2)."""
    box[:] = b"free".ljust(len(box), b"\0")
