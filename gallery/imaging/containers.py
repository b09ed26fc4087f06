"""How photographs are wrapped: labelled pieces of a file, found without decoding any pixel.

Every walker here is bounded in steps and reads small windows only, so that a hostile file
of any size costs neither memory nor time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

JPEG_SIGNATURE = b"\xff\xd8\xff"
JPEG_END_MARK = b"\xff\xd9"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# A real 100 MB file has at most some 1,600 segments (64 KB each) and 12,800 chunks (8 KB each).
SEGMENT_LIMIT = 8_192
CHUNK_LIMIT = 200_000
JUNK_LIMIT_BYTES = 1 << 20

FIRST_WINDOW_BYTES = 512
WINDOW_BYTES = 1 << 20
# The longest pattern that `find_pattern` is asked for is shorter than this.
PATTERN_REACH_BYTES = 64

# Neither stuffed zeros, fill bytes, restarts nor TEM: none of these starts a segment.
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
_WITHOUT_PAYLOAD = {b"\xd8", b"\xd9"}


class Piece(NamedTuple):
    """One labelled stretch of a file; `start` and `length` are its payload, in bytes."""

    kind: bytes
    start: int
    length: int

    @property
    def end(self) -> int:
        return self.start + self.length


def size_of(file: BinaryIO) -> int:
    """Return the length of the file in bytes, whatever its position."""
    file.seek(0, os.SEEK_END)
    return file.tell()


def read_at(file: BinaryIO, position: int, length: int) -> bytes:
    """Return `length` bytes from `position`, fewer where the file ends."""
    file.seek(position)
    return file.read(length)


def find_pattern(file: BinaryIO, pattern: re.Pattern[bytes], start: int, end: int) -> int | None:
    """Return where a pattern of at most `PATTERN_REACH_BYTES` first begins in [start, end)."""
    window = FIRST_WINDOW_BYTES
    while start < end:
        found = pattern.search(read_at(file, start, min(window, end - start)))
        if found is not None:
            return start + found.start()
        if start + window >= end:
            return None
        start += window - PATTERN_REACH_BYTES
        # Growing windows keep many near finds cheap: what is read stays within 5 × the file.
        window = min(window * 4, WINDOW_BYTES)
    return None


def jpeg_segments(file: BinaryIO) -> Iterator[Piece]:
    """Yield the segments of a JPEG by marker byte (`b"\\xda"` is a scan).

    Junk and fill bytes between segments are passed over, as decoders do, but not without end.
    A segment may claim to end after the file; the reader has to look.
    """
    size = size_of(file)
    position = 0
    for _ in range(SEGMENT_LIMIT):
        found = find_pattern(file, _MARKER, position, min(position + JUNK_LIMIT_BYTES, size))
        if found is None:
            return
        piece = _segment_at(file, found)
        yield piece
        position = piece.end


def _segment_at(file: BinaryIO, position: int) -> Piece:
    head = read_at(file, position, 4)
    kind, length = head[1:2], int.from_bytes(head[2:], "big")
    if kind in _WITHOUT_PAYLOAD or length < 2:
        return Piece(kind, position + 2, 0)
    return Piece(kind, position + 4, length - 2)


def png_chunks(file: BinaryIO) -> Iterator[Piece]:
    """Yield the chunks of a PNG up to IEND, or up to the first that is no chunk.

    The four bytes of checksum after each payload are not part of the piece.
    """
    position = len(PNG_SIGNATURE)
    for _ in range(CHUNK_LIMIT):
        head = read_at(file, position, 8)
        kind = head[4:]
        if len(head) < 8 or not kind.isalpha():
            return
        piece = Piece(kind, position + 8, int.from_bytes(head[:4], "big"))
        yield piece
        if kind == b"IEND":
            return
        position = piece.end + 4


def riff_chunks(file: BinaryIO, end: int) -> Iterator[Piece]:
    """Yield the chunks of a RIFF file (WebP) whose heads lie before `end`."""
    position = 12
    for _ in range(CHUNK_LIMIT):
        head = read_at(file, position, 8)
        if len(head) < 8 or position + 8 > end:
            return
        piece = Piece(head[:4], position + 8, int.from_bytes(head[4:], "little"))
        yield piece
        position = piece.end + piece.length % 2
