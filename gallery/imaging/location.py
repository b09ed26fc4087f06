"""Where a photo was taken, taken out of its file: lossless, the pixels stay byte for byte.

Nothing is decoded and, but for PNG chunks, nothing moves: positions and place names are
overwritten where they stand, so every offset in the file stays true. What a maker hides in its
own notes is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple
from zlib import crc32

from gallery.imaging import png_text
from gallery.imaging.containers import (
    JPEG_SIGNATURE,
    PNG_SIGNATURE,
    WINDOW_BYTES,
    Piece,
    png_chunks,
    read_at,
    size_of,
)
from gallery.imaging.metadata import (
    Block,
    heif_blocks,
    jpeg_blocks,
    webp_blocks,
    without_places,
)

METADATA_LIMIT_BYTES = 8 << 20
"""How much metadata of a file is read; real files stay far below, the rest is blanked unread."""


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
        target.write(patch.data)
        position = patch.end
    _copy(source, target, position, size_of(source))
    source.seek(0)
    return bool(patches)


def _copy(source: BinaryIO, target: BinaryIO, start: int, end: int) -> None:
    for position in range(start, end, WINDOW_BYTES):
        target.write(read_at(source, position, min(WINDOW_BYTES, end - position)))


def _patches(file: BinaryIO) -> Iterator[_Patch]:
    start = read_at(file, 0, 12)
    if start.startswith(JPEG_SIGNATURE):
        return _block_patches(file, jpeg_blocks(file))
    if start.startswith(PNG_SIGNATURE):
        return _png_patches(file)
    if start.startswith(b"RIFF"):
        return _block_patches(file, webp_blocks(file))
    if start[4:8] == b"ftyp":
        return _block_patches(file, heif_blocks(file))
    return iter(())


def _block_patches(file: BinaryIO, blocks: Iterator[Block]) -> Iterator[_Patch]:
    budget = METADATA_LIMIT_BYTES
    for block in blocks:
        budget -= block.length
        for part in [block] if budget >= 0 else _unread_parts(block):
            yield from _changes(file, part)


def _unread_parts(block: Block) -> Iterator[Block]:
    for start, length in block.extents:
        for offset in range(0, length, WINDOW_BYTES):
            yield Block(_blank, [(start + offset, min(WINDOW_BYTES, length - offset))])


def _blank(data: bytearray) -> None:
    data[:] = bytes(len(data))


def _changes(file: BinaryIO, block: Block) -> Iterator[_Patch]:
    before = b"".join(read_at(file, *extent) for extent in block.extents)
    after = without_places(block.blank_places, before)
    if after == before:
        return
    position = 0
    for start, length in block.extents:
        yield _Patch(start, start + length, after[position : position + length])
        position += length


def _png_patches(file: BinaryIO) -> Iterator[_Patch]:
    for chunk in png_chunks(file):
        if chunk.kind not in png_text.CHUNK_KINDS:
            continue
        start = read_at(file, chunk.start, min(chunk.length, png_text.KEYWORD_LIMIT_BYTES + 1))
        if not png_text.may_hold_place(chunk.kind, start):
            continue
        payload = cleaned = None
        if chunk.length <= METADATA_LIMIT_BYTES:
            payload = read_at(file, chunk.start, chunk.length)
            cleaned = png_text.without_place(chunk.kind, payload)
        if cleaned is None or cleaned != payload:
            yield _Patch(chunk.start - 8, chunk.end + 4, _png_chunk(chunk, cleaned))


def _png_chunk(old: Piece, payload: bytes | None) -> bytes:
    """Return a whole chunk with its length and checksum, or nothing where there is no payload."""
    if payload is None:
        return b""
    body = old.kind + payload
    return len(payload).to_bytes(4, "big") + body + crc32(body).to_bytes(4, "big")
