"""A ZIP whose every byte has its place before the first file is opened.

The members are stored, not compressed, and their sizes and CRC-32 are known, so headers, offsets
and the total length are arithmetic: the same members give the same bytes on every attempt, and any
range of them can be made alone. The format is PKWARE's APPNOTE 6.3.10; sections are named below.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import accumulate
from struct import Struct

from gallery.filenames import collision_key, numbered_name, safe_name

# Part of every digest: raise it when the same members would give other bytes than before, or a
# download that was broken off under the old bytes would go on in the new ones.
LAYOUT_VERSION = b"hafiportrait-zip-1"

# From these values on the real number stands in a ZIP64 field (4.4.1.4).
ZIP64_SIZE = 0xFFFFFFFF
ZIP64_COUNT = 0xFFFF

_MAX_NAME_BYTES = 0xFFFF
_MAX_CRC32 = 0xFFFFFFFF

_LOCAL = Struct("<4s5H3L2H")  # 4.3.7
_CENTRAL = Struct("<4s6H3L5H2L")  # 4.3.12
_ZIP64_END = Struct("<4sQ2H2L4Q")  # 4.3.14
_ZIP64_LOCATOR = Struct("<4sLQL")  # 4.3.15
_END = Struct("<4s4H2LH")  # 4.3.16
_DIGEST_FIELDS = Struct("<LLQLHH")

_ZIP64_EXTRA_ID = 0x0001
_SIZES_EXTRA = Struct("<2H2Q")
_VERSION_FOLDERS = 20  # 4.4.3.2
_VERSION_ZIP64 = 45
_MADE_ON_UNIX = 3 << 8
_UTF8_NAMES = 1 << 11  # 4.4.4
_STORED = 0
_REGULAR_FILE = 0o100644 << 16

# Entries of the directory are built and sent in blocks: one write to the socket for each would
# cost more than the entry, all at once would hold megabytes for a very large archive.
_ENTRIES_PER_BLOCK = 256


class MemberChanged(Exception):
    """A file gave more or fewer bytes than the plan promised, so all that follows would shift."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file that is to stand in the archive.

    `name` is its path inside (see `unique_names`), `size` is in bytes, `source` is a storage key
    that means nothing here. Of `modified` the fields count as they are: ZIP knows no time zones,
    and 14:30 at the wedding shall read 14:30 on every computer. Convert it to the event's zone.
    """

    name: str
    size: int
    crc32: int
    modified: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of one member's content: `length` bytes from `offset` on in the file `source`."""

    source: str
    offset: int
    length: int
    member_index: int


@dataclass(frozen=True)
class Plan:
    """Where every byte of the archive stands; made by `plan`.

    `header_offsets` and `entry_offsets` say where each member's local header and directory entry
    begin. Both have one number more than there are members: where their part of the archive ends.
    """

    members: Sequence[Member]
    names: Sequence[bytes]
    header_offsets: array[int]
    entry_offsets: array[int]

    @cached_property
    def total_size(self) -> int:
        """The length of the archive in bytes, for `Content-Length`."""
        return self.entry_offsets[-1] + len(self._end_records)

    @cached_property
    def digest(self) -> str:
        """Sixty-four hexadecimal digits that name exactly these bytes, fit for a strong ETag.

        SHA-256 over the layout's version and, of every member, all that the archive shows of it
        and its source: two files may share a CRC-32, but hardly a storage key as well.
        """
        digest = hashlib.sha256(LAYOUT_VERSION)
        for name, member in zip(self.names, self.members, strict=True):
            source = member.source.encode()
            lengths = (len(name), len(source), member.size, member.crc32)
            digest.update(_DIGEST_FIELDS.pack(*lengths, *_dos_time(member.modified)))
            digest.update(name + source)
        return digest.hexdigest()

    def segments(self, start: int, stop: int) -> Iterator[bytes | Slice]:
        """Return what the bytes [start, stop) are made of, in order, nothing of it empty.

        Structure comes as bytes, content as `Slice`. Raises ValueError unless
        0 ≤ start ≤ stop ≤ `total_size`.
        """
        if not 0 <= start <= stop <= self.total_size:
            raise ValueError(f"[{start}, {stop}) is not inside {self.total_size} bytes")
        return self._segments(start, stop)

    def _segments(self, start: int, stop: int) -> Iterator[bytes | Slice]:
        directory, end = self.header_offsets[-1], self.entry_offsets[-1]
        if start < min(stop, directory):
            yield from self._content(start, min(stop, directory))
        if max(start, directory) < min(stop, end):
            yield from self._directory(max(start, directory), min(stop, end))
        if max(start, end) < stop:
            yield self._end_records[max(start - end, 0) : stop - end]

    def _content(self, start: int, stop: int) -> Iterator[bytes | Slice]:
        first = bisect_right(self.header_offsets, start) - 1
        for index in range(first, len(self.members)):
            header_at, next_at = self.header_offsets[index], self.header_offsets[index + 1]
            if header_at >= stop:
                return
            member = self.members[index]
            content_at = next_at - member.size
            if start < content_at:
                yield self._local_header(index)[max(start - header_at, 0) : stop - header_at]
            begin = max(start, content_at)
            length = min(stop, next_at) - begin
            if length > 0:
                yield Slice(member.source, begin - content_at, length, index)

    def _directory(self, start: int, stop: int) -> Iterator[bytes]:
        first = bisect_right(self.entry_offsets, start) - 1
        for index in range(first, len(self.members), _ENTRIES_PER_BLOCK):
            block_at = self.entry_offsets[index]
            if block_at >= stop:
                return
            last = min(index + _ENTRIES_PER_BLOCK, len(self.members))
            block = b"".join(map(self._directory_entry, range(index, last)))
            yield block[max(start - block_at, 0) : stop - block_at]

    def _local_header(self, index: int) -> bytes:
        member, name = self.members[index], self.names[index]
        # A local header wants both sizes in its extra field or none (4.5.3).
        extra = _zip64_extra([member.size] * 2 if member.size >= ZIP64_SIZE else [])
        size = min(member.size, ZIP64_SIZE)
        fixed = _LOCAL.pack(
            b"PK\x03\x04",
            _VERSION_ZIP64 if extra else _VERSION_FOLDERS,
            _UTF8_NAMES,
            _STORED,
            *_dos_time(member.modified),
            member.crc32,
            size,
            size,
            len(name),
            len(extra),
        )
        return fixed + name + extra

    def _directory_entry(self, index: int) -> bytes:
        member, name, offset = self.members[index], self.names[index], self.header_offsets[index]
        large = [value for value in (member.size, member.size, offset) if value >= ZIP64_SIZE]
        extra = _zip64_extra(large)
        version = _VERSION_ZIP64 if extra else _VERSION_FOLDERS
        size = min(member.size, ZIP64_SIZE)
        no_comment = first_disk = binary = 0
        fixed = _CENTRAL.pack(
            b"PK\x01\x02",
            _MADE_ON_UNIX | version,
            version,
            _UTF8_NAMES,
            _STORED,
            *_dos_time(member.modified),
            member.crc32,
            size,
            size,
            len(name),
            len(extra),
            no_comment,
            first_disk,
            binary,
            _REGULAR_FILE,
            min(offset, ZIP64_SIZE),
        )
        return fixed + name + extra

    @cached_property
    def _end_records(self) -> bytes:
        count = len(self.members)
        offset, end = self.header_offsets[-1], self.entry_offsets[-1]
        size = end - offset
        short_count = min(count, ZIP64_COUNT)
        short_size, short_offset = min(size, ZIP64_SIZE), min(offset, ZIP64_SIZE)
        record = _END.pack(
            b"PK\x05\x06", 0, 0, short_count, short_count, short_size, short_offset, 0
        )
        if count < ZIP64_COUNT and size < ZIP64_SIZE and offset < ZIP64_SIZE:
            return record
        return (
            _zip64_end(count, size, offset) + _ZIP64_LOCATOR.pack(b"PK\x06\x07", 0, end, 1) + record
        )


def plan(members: Sequence[Member]) -> Plan:
    """Compute the place of every byte of an archive of `members`, in their order.

    `members` is kept, not copied: do not change it afterwards. Raises ValueError for a name that
    is empty, too long, given twice or not encodable, and for a size or CRC-32 that cannot be.
    """
    names = [member.name.encode() for member in members]
    sizes = [member.size for member in members]
    _refuse_impossible(names, sizes, [member.crc32 for member in members])
    extents = [
        _LOCAL.size + len(name) + size + (_SIZES_EXTRA.size if size >= ZIP64_SIZE else 0)
        for name, size in zip(names, sizes, strict=True)
    ]
    header_offsets = array("Q", accumulate(extents, initial=0))
    entry_lengths = [
        _CENTRAL.size + len(name) + _directory_extra_length(size, offset)
        for name, size, offset in zip(names, sizes, header_offsets, strict=False)
    ]
    entry_offsets = array("Q", accumulate(entry_lengths, initial=header_offsets[-1]))
    return Plan(members, names, header_offsets, entry_offsets)


def read_range(
    plan: Plan, start: int, stop: int, open_slice: Callable[[str, int, int], Iterator[bytes]]
) -> Iterator[bytes]:
    """Yield the bytes [start, stop) of the planned archive.

    `open_slice(source, offset, length)` yields that stretch of a file in chunks; it is asked only
    when its turn comes, and closed when the reader leaves early. Raises MemberChanged as soon as a
    file gives too much, or ends too soon: the answer then breaks off, and never goes on with
    shifted bytes. Raises ValueError for a range outside the archive.
    """
    for segment in plan.segments(start, stop):
        if isinstance(segment, bytes):
            yield segment
        else:
            chunks = open_slice(segment.source, segment.offset, segment.length)
            yield from _exactly(segment, chunks)


def unique_names(wanted: Iterable[tuple[str, str]]) -> list[str]:
    """Return a safe path inside the archive for each pair of folder and file name, in order.

    Both are cleaned by `safe_name`; an empty folder means the archive's root. A path that some
    system would take for an earlier one or for a folder gets " (2)", " (3)" and so on.
    """
    pairs = list(wanted)
    folders = {
        folder: safe_name(folder, fallback="chapter") if folder else ""
        for folder in {folder for folder, _ in pairs}
    }
    taken = {collision_key(folder) for folder in folders.values()}
    last_numbers: dict[str, int] = {}
    return [
        _first_free(folders[folder], safe_name(name), taken, last_numbers) for folder, name in pairs
    ]


def _first_free(folder: str, name: str, taken: set[str], last_numbers: dict[str, int]) -> str:
    prefix = f"{folder}/" if folder else ""
    path = prefix + name
    first_key = key = collision_key(path)
    # Counting on from the last number keeps a thousand equal names from a million tries.
    number = last_numbers.get(first_key, 1)
    while key in taken:
        number += 1
        path = prefix + numbered_name(name, number)
        key = collision_key(path)
    last_numbers[first_key] = number
    taken.add(key)
    return path


def _refuse_impossible(names: list[bytes], sizes: list[int], checksums: list[int]) -> None:
    lengths = [len(name) for name in names]
    if not 0 < min(lengths, default=1) <= max(lengths, default=1) <= _MAX_NAME_BYTES:
        raise ValueError(f"A member's name must have 1 to {_MAX_NAME_BYTES} bytes")
    if len(set(names)) < len(names):
        raise ValueError("Two members have the same name")
    if min(sizes, default=0) < 0:
        raise ValueError("A member's size is negative")
    if not 0 <= min(checksums, default=0) <= max(checksums, default=0) <= _MAX_CRC32:
        raise ValueError("A member's CRC-32 does not fit 32 bits")


def _directory_extra_length(size: int, offset: int) -> int:
    if size < ZIP64_SIZE and offset < ZIP64_SIZE:
        return 0
    return 4 + 16 * (size >= ZIP64_SIZE) + 8 * (offset >= ZIP64_SIZE)


def _zip64_extra(values: list[int]) -> bytes:
    """Pack the numbers for which a header's own fields were too small, in the header's order."""
    if not values:
        return b""
    return Struct(f"<2H{len(values)}Q").pack(_ZIP64_EXTRA_ID, 8 * len(values), *values)


def _zip64_end(count: int, size: int, offset: int) -> bytes:
    remaining = _ZIP64_END.size - 12  # without signature and this field itself (4.3.14.1)
    made_by = _MADE_ON_UNIX | _VERSION_ZIP64
    return _ZIP64_END.pack(
        b"PK\x06\x06", remaining, made_by, _VERSION_ZIP64, 0, 0, count, count, size, offset
    )


def _dos_time(moment: datetime) -> tuple[int, int]:
    """Return MS-DOS time and date (4.4.6): steps of two seconds, the years 1980 to 2107."""
    if moment.year < 1980:
        moment = datetime(1980, 1, 1)
    if moment.year > 2107:
        moment = datetime(2107, 12, 31, 23, 59, 58)
    time = moment.hour << 11 | moment.minute << 5 | moment.second // 2
    return time, (moment.year - 1980) << 9 | moment.month << 5 | moment.day


def _exactly(wanted: Slice, chunks: Iterator[bytes]) -> Iterator[bytes]:
    missing = wanted.length
    try:
        for chunk in chunks:
            missing -= len(chunk)
            if missing < 0:
                raise MemberChanged(f"{wanted.source} gives more than {wanted.length} bytes")
            yield chunk
    finally:
        # A generator would otherwise keep its file open until it is collected.
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    if missing:
        raise MemberChanged(f"{wanted.source} lacks {missing} of {wanted.length} bytes")
