"""The box structure of HEIC and HEIF files (ISO/IEC 14496-12 and 23008-12): items and their places.

Only the tables that name the items are read, never an item's coded pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from gallery.imaging.containers import Piece, read_at, size_of

BOX_LIMIT = 10_000
# Tables of a real 48-megapixel photo of 400 tiles take some 20 KB.
TABLE_LIMIT_BYTES = 1 << 18
# One per combination of its version and flags.
ASSOCIATION_TABLE_LIMIT = 4

FULL_BOX_BYTES = 4
"""Version and flags at the start of a "full" box."""

_IN_FILE, _IN_ITEM_DATA = 0, 1

Extents = tuple[tuple[int, int], ...]


class MalformedBoxes(ValueError):
    """The tables of a HEIF file are missing, contradict themselves or go beyond all reason."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a HEIF file holds: a picture, a tile, an EXIF block.

    `kind` is the four-letter type, `content_type` is given for `mime` items only, `extents` are
    (position, length) pairs in the file in bytes, and `size` is (width, height) in pixels.
    """

    kind: bytes
    content_type: bytes
    extents: Extents
    size: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class ItemTable:
    """The items of a HEIF file by number, and which of them is the picture to show."""

    primary: int
    items: dict[int, Item]


class _PlaceLayout(NamedTuple):
    """How wide the numbers of `iloc` are."""

    version: int
    offset_bytes: int
    length_bytes: int
    base_bytes: int
    index_bytes: int


def boxes(file: BinaryIO, start: int, end: int) -> Iterator[Piece]:
    """Yield the boxes between two positions, up to the first bytes that are no box.

    The last one may claim to end after `end`; the reader has to look.
    """
    position = start
    for _ in range(BOX_LIMIT):
        if position + 8 > end:
            return
        head = read_at(file, position, 16)
        length, kind, header = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1:
            length, header = int.from_bytes(head[8:], "big"), 16
        elif length == 0:
            length = end - position
        if length < header:
            return
        yield Piece(kind, position + header, length - header)
        position += length


def read_items(file: BinaryIO) -> ItemTable:
    """Read the item tables of a HEIF file from its `meta` box.

    Raises MalformedBoxes where there is none or where it cannot be understood.
    """
    meta = _child(boxes(file, 0, size_of(file)), b"meta")
    tables = {box.kind: box for box in boxes(file, meta.start + FULL_BOX_BYTES, meta.end)}
    numbers = _read_kinds(file, _table(tables, b"iinf"))
    places = _read_places(file, tables)
    sizes = _read_sizes(file, _table(tables, b"iprp"))
    return ItemTable(
        primary=_read_primary(file, _table(tables, b"pitm")),
        items={
            number: Item(kind, content_type, places.get(number, ()), sizes.get(number))
            for number, (kind, content_type) in numbers.items()
        },
    )


class _Cursor:
    """Reads one table from front to back."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.flags = 0

    def take(self, length: int) -> bytes:
        end = self.at + length
        if end > len(self.data):
            raise MalformedBoxes("A table ends too early.")
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "big")

    def text(self) -> bytes:
        end = self.data.find(b"\0", self.at)
        if end < 0:
            end = len(self.data)
        taken = self.data[self.at : end]
        self.at = min(end + 1, len(self.data))
        return taken

    def full_box_version(self) -> int:
        version = self.number(1)
        self.flags = self.number(3)
        return version


def _wide(is_wide: bool) -> int:
    """Item numbers take two bytes, or four in the later versions of each table."""
    return 4 if is_wide else 2


def _child(children: Iterator[Piece], kind: bytes) -> Piece:
    return _table({box.kind: box for box in children}, kind)


def _table(tables: dict[bytes, Piece], kind: bytes) -> Piece:
    if kind not in tables:
        raise MalformedBoxes(f"There is no {kind!r} box.")
    return tables[kind]


def _payload(file: BinaryIO, box: Piece) -> bytes:
    if box.length > TABLE_LIMIT_BYTES:
        raise MalformedBoxes(f"The {box.kind!r} box is too large.")
    return read_at(file, box.start, box.length)


def _read_primary(file: BinaryIO, box: Piece) -> int:
    table = _Cursor(_payload(file, box))
    version = table.full_box_version()
    return table.number(_wide(version >= 1))


def _read_kinds(file: BinaryIO, box: Piece) -> dict[int, tuple[bytes, bytes]]:
    """Read `iinf`: type and content type of every item by number."""
    version = read_at(file, box.start, 1)
    first = box.start + FULL_BOX_BYTES + _wide(version != b"\0")
    kinds = {}
    for entry in boxes(file, first, box.end):
        if entry.kind == b"infe":
            number, kind, content_type = _read_kind(_Cursor(_payload(file, entry)))
            kinds[number] = (kind, content_type)
    return kinds


def _read_kind(entry: _Cursor) -> tuple[int, bytes, bytes]:
    version = entry.full_box_version()
    number = entry.number(_wide(version >= 3))
    entry.take(2)
    if version < 2:
        return number, b"", b""
    kind = entry.take(4)
    entry.text()
    return number, kind, entry.text() if kind == b"mime" else b""


def _read_places(file: BinaryIO, tables: dict[bytes, Piece]) -> dict[int, Extents]:
    """Read `iloc`: where in the file the bytes of every item stand."""
    table = _Cursor(_payload(file, _table(tables, b"iloc")))
    layout = _read_layout(table)
    origins = {_IN_FILE: 0}
    if b"idat" in tables:
        origins[_IN_ITEM_DATA] = tables[b"idat"].start
    places = {}
    for _ in range(table.number(_wide(layout.version >= 2))):
        number = table.number(_wide(layout.version >= 2))
        method = table.number(2) & 15 if layout.version else _IN_FILE
        table.take(2)
        extents = _read_extents(table, layout)
        if method in origins:
            places[number] = tuple((origins[method] + at, length) for at, length in extents)
    return places


def _read_layout(table: _Cursor) -> _PlaceLayout:
    version = table.full_box_version()
    sizes = table.number(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    layout = _PlaceLayout(version, offset, length, base, index if version else 0)
    if not {*layout[1:]} <= {0, 4, 8}:
        raise MalformedBoxes("The item places have an unknown layout.")
    return layout


def _read_extents(table: _Cursor, layout: _PlaceLayout) -> list[tuple[int, int]]:
    base = table.number(layout.base_bytes)
    count = table.number(2)
    if count > 1 and not layout.offset_bytes + layout.length_bytes + layout.index_bytes:
        # Extents that take no room in the table could be claimed without end.
        raise MalformedBoxes("An item lies in many places of no length.")
    extents = []
    for _ in range(count):
        table.take(layout.index_bytes)
        extents.append(
            (base + table.number(layout.offset_bytes), table.number(layout.length_bytes))
        )
    return extents


def _read_sizes(file: BinaryIO, box: Piece) -> dict[int, tuple[int, int]]:
    """Read `iprp`: width and height of the items that have an `ispe` property."""
    children = list(boxes(file, box.start, box.end))
    sizes = _read_size_properties(file, _child(iter(children), b"ipco"))
    found: dict[int, tuple[int, int]] = {}
    associations = [child for child in children if child.kind == b"ipma"]
    for table in associations[:ASSOCIATION_TABLE_LIMIT]:
        for number, index in _read_associations(_Cursor(_payload(file, table))):
            if index in sizes:
                found.setdefault(number, sizes[index])
    return found


def _read_size_properties(file: BinaryIO, box: Piece) -> dict[int, tuple[int, int]]:
    sizes = {}
    for index, entry in enumerate(boxes(file, box.start, box.end), start=1):
        if entry.kind == b"ispe":
            size = _Cursor(_payload(file, entry))
            size.full_box_version()
            sizes[index] = (size.number(4), size.number(4))
    return sizes


def _read_associations(table: _Cursor) -> Iterator[tuple[int, int]]:
    """Yield (item number, property index) from `ipma`."""
    version = table.full_box_version()
    index_size, mask = (2, 0x7FFF) if table.flags & 1 else (1, 0x7F)
    for _ in range(table.number(4)):
        number = table.number(_wide(version >= 1))
        for _ in range(table.number(1)):
            yield number, table.number(index_size) & mask
