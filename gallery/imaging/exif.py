"""The place inside an EXIF block: GPS directories are taken out, all else stays where it is.

EXIF is a small TIFF file (TIFF 6.0, EXIF 2.32): directories of twelve-byte entries that point to
their values by offset. No offset changes here, so thumbnails and maker notes stay readable.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from itertools import islice
from typing import Literal, NamedTuple

from gallery.imaging import xmp

GPS_TAG = 0x8825
# EXIF, interoperability and sub-pictures: the entries that point to further directories.
_CHILD_TAGS = {0x8769, 0xA005, 0x014A}

# The block itself, its thumbnail, a maker note that is a TIFF of its own.
_HEADER_LIMIT = 4
# Real blocks have some six directories of at most some 100 entries.
_DIRECTORY_LIMIT = 32
_ENTRY_LIMIT = 1_024
_CHILD_LIMIT = 8
_ROUND_LIMIT = 4
# EXIF 2.32 knows 32 GPS tags, and their longest value names an area.
_GPS_ENTRY_LIMIT = 64
_GPS_VALUE_LIMIT_BYTES = 65_536

# Both byte orders, and the two mixtures that readers take as well.
_HEADER = re.compile(rb"II\x2a\x00|MM\x00\x2a|II\x00\x2a|MM\x2a\x00")
_HEADER_BYTES = 8
# The tag of the pointer in either byte order, and what XMP in the wrong place begins with.
_SIGNS_OF_GPS = (b"\x88\x25", b"\x25\x88", b"GPSL")
_ENTRY_BYTES = 12
_SHORT = 3
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}


def blank_places(block: bytearray) -> None:
    """Take the GPS directories out of an EXIF block, in place and without changing its length.

    The block may have a preamble before its TIFF header, and further TIFFs inside (the EXIF of
    its thumbnail). GPS entries and their values become zeros and the pointers to them leave
    their directories; XMP inside the block loses its places too. A block that cannot be followed
    but shows signs of GPS becomes all zeros.
    """
    starts = [match.start() for match in islice(_HEADER.finditer(block), _HEADER_LIMIT)]
    for start in starts:
        tiff = _Tiff(block[start:])
        tiff.remove_gps()
        block[start:] = tiff.data
    xmp.blank_embedded_packets(block)
    is_readable = bool(starts) and _Tiff(block[starts[0] :]).is_readable()
    if not is_readable and any(sign in block for sign in _SIGNS_OF_GPS):
        block[:] = bytes(len(block))


class _Directory(NamedTuple):
    """A directory by the position of its first entry, with the entries it claims and has."""

    start: int
    claimed: int
    present: int

    @property
    def end(self) -> int:
        return self.start + self.present * _ENTRY_BYTES


class _Entry(NamedTuple):
    start: int
    tag: int
    kind: int
    quantity: int


class _Tiff:
    """A TIFF in memory; every position counts from its first byte."""

    def __init__(self, data: bytearray) -> None:
        self.data = data
        self.order: Literal["little", "big"] = "little" if data.startswith(b"II") else "big"
        self.entry_format = f"{'<' if self.order == 'little' else '>'}HHI4x"

    def is_readable(self) -> bool:
        return any(directory.present for directory in self.directories())

    def remove_gps(self) -> None:
        """Work in rounds, since in a broken file a moved entry may uncover another pointer.

        A pointer to an empty directory, which some cameras write, says nothing and stays.
        """
        for _ in range(_ROUND_LIMIT):
            directories = list(self.directories())
            gps = [self.directory_at(position) for position in self.gps_positions(directories)]
            if not any(directory.present for directory in gps):
                return
            self.erase(gps, directories)
            for directory in directories:
                self.drop_pointers(directory)
        self.data[:] = bytes(len(self.data))

    def gps_positions(self, directories: list[_Directory]) -> set[int]:
        entries = (entry for directory in directories for entry in self.entries(directory))
        pointers = [entry for entry in entries if entry.tag == GPS_TAG]
        return {target for entry in pointers for target in self.targets(entry)} - {0}

    def directories(self) -> Iterator[_Directory]:
        """Follow the chain of directories and their children, each once."""
        waiting = [self.number(4, 4)]
        seen = {0}
        while waiting and len(seen) <= _DIRECTORY_LIMIT:
            position = waiting.pop(0)
            if position in seen or position + 2 > len(self.data):
                continue
            seen.add(position)
            directory = self.directory_at(position)
            yield directory
            for entry in self.entries(directory):
                if entry.tag in _CHILD_TAGS:
                    waiting += self.targets(entry)
            waiting.append(self.number(directory.start + directory.claimed * _ENTRY_BYTES, 4))

    def directory_at(self, position: int) -> _Directory:
        claimed = self.number(position, 2)
        start = position + 2
        room = max(len(self.data) - start, 0) // _ENTRY_BYTES
        return _Directory(start, claimed, min(claimed, room, _ENTRY_LIMIT))

    def entries(self, directory: _Directory) -> Iterator[_Entry]:
        table = self.data[directory.start : directory.end]
        for index, fields in enumerate(struct.iter_unpack(self.entry_format, table)):
            yield _Entry(directory.start + index * _ENTRY_BYTES, *fields)

    def targets(self, entry: _Entry) -> list[int]:
        """Return where a pointer points to; one with several targets keeps them out of line."""
        value = entry.start + 8
        if entry.kind == _SHORT:
            return [self.number(value, 2)]
        if entry.quantity > 1:
            value = self.number(value, 4)
        quantity = min(entry.quantity, _CHILD_LIMIT)
        return [self.number(value + 4 * index, 4) for index in range(quantity)]

    def erase(self, gps: list[_Directory], others: list[_Directory]) -> None:
        """Zero the GPS directories and their values, but never an entry of another directory."""
        kept = [(each.start - 2, self.data[each.start - 2 : each.end + 4]) for each in others]
        for directory in gps[:_CHILD_LIMIT]:
            entries = list(islice(self.entries(directory), _GPS_ENTRY_LIMIT))
            for entry in entries:
                length = _TYPE_BYTES.get(entry.kind, 1) * entry.quantity
                if length > 4:
                    value = self.number(entry.start + 8, 4)
                    self.zero(value, min(length, _GPS_VALUE_LIMIT_BYTES))
            self.zero(directory.start - 2, 2 + len(entries) * _ENTRY_BYTES)
        for start, table in kept:
            self.data[start : start + len(table)] = table

    def drop_pointers(self, directory: _Directory) -> None:
        """Close the gaps in a directory and fill up with zeros behind its end."""
        rest = min(directory.start + directory.claimed * _ENTRY_BYTES + 4, len(self.data))
        kept = [entry for entry in self.entries(directory) if entry.tag != GPS_TAG]
        dropped = directory.present - len(kept)
        if not dropped:
            return
        table = b"".join(self.data[entry.start : entry.start + _ENTRY_BYTES] for entry in kept)
        table += self.data[directory.end : rest] + bytes(dropped * _ENTRY_BYTES)
        claimed = (directory.claimed - dropped).to_bytes(2, self.order)
        self.data[directory.start - 2 : rest] = claimed + table

    def number(self, position: int, length: int) -> int:
        return int.from_bytes(self.data[position : position + length], self.order)

    def zero(self, start: int, length: int) -> None:
        start, end = max(start, _HEADER_BYTES), min(start + length, len(self.data))
        if start < end:
            self.data[start:end] = bytes(end - start)
