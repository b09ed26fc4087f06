from __future__ import annotations

import hashlib
import io
import os
import random
import stat
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from struct import unpack_from
from typing import TYPE_CHECKING, ClassVar
from unittest import TestCase
from zlib import crc32

from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.zipplan import (
    ZIP64_COUNT,
    ZIP64_SIZE,
    Member,
    MemberChanged,
    Plan,
    Slice,
    plan,
    read_range,
    unique_names,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

AFTERNOON = datetime(2026, 11, 7, 14, 30, 24)
LOCAL_HEADER = 30
DIRECTORY_ENTRY = 46
END_RECORD = 22

NAMES = st.tuples(
    st.sampled_from(["", "Akad", "akad", "Resepsi / Malam", "../.."]),
    st.text(st.characters(codec=None), max_size=20)
    | st.sampled_from(["DSC_0001.JPG", "dsc_0001.jpg", "CON", "結婚式.jpg", "../\u202e🙂.jpg"]),
)
FILES = st.lists(st.tuples(NAMES, st.binary(max_size=80)), max_size=12)


class Shelf:
    """Files by their source, read in chunks as from a disk."""

    def __init__(self, contents: list[bytes], *, chunk_size: int = 7) -> None:
        self.contents = {f"originals/{number}": data for number, data in enumerate(contents)}
        self.chunk_size = chunk_size
        self.opened: list[tuple[str, int, int]] = []

    def open(self, source: str, offset: int, length: int) -> Iterator[bytes]:
        self.opened.append((source, offset, length))
        wanted = self.contents[source][offset : offset + length]
        for start in range(0, len(wanted), self.chunk_size):
            yield wanted[start : start + self.chunk_size]

    def members(self, names: list[str], *, modified: datetime = AFTERNOON) -> list[Member]:
        return [
            Member(name, len(data), crc32(data), modified, source)
            for name, (source, data) in zip(names, self.contents.items(), strict=True)
        ]


class SparseArchive(io.RawIOBase):
    """A planned archive as a seekable file in which every large file is nothing but zeros."""

    def __init__(self, planned: Plan, small_files: dict[str, bytes]) -> None:
        self.planned = planned
        self.small_files = small_files
        self.position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.position, os.SEEK_END: self.planned.total_size}
        self.position = base[whence] + offset
        return self.position

    def tell(self) -> int:
        return self.position

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        stop = min(self.position + len(view), self.planned.total_size)
        data = b"".join(read_range(self.planned, self.position, stop, self._open))
        view[: len(data)] = data
        self.position += len(data)
        return len(data)

    def _open(self, source: str, offset: int, length: int) -> Iterator[bytes]:
        if source in self.small_files:
            yield self.small_files[source][offset : offset + length]
        else:
            yield bytes(length)


def whole(planned: Plan, shelf: Shelf) -> bytes:
    return b"".join(read_range(planned, 0, planned.total_size, shelf.open))


def large_member(name: str, size: int) -> Member:
    return Member(name, size, 0, AFTERNOON, f"large/{name}")


def write_sparse(path: Path, planned: Plan, small_files: dict[str, bytes]) -> None:
    """Write the archive with holes where the large files would be."""
    with path.open("wb") as archive:
        for segment in planned.segments(0, planned.total_size):
            if isinstance(segment, bytes):
                archive.write(segment)
            elif segment.source in small_files:
                archive.write(small_files[segment.source])
            else:
                archive.seek(segment.length, os.SEEK_CUR)


def run_tool(*command: str) -> str:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    output = (done.stdout + done.stderr).decode(errors="replace")
    if done.returncode:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{output}")
    return output


class PlanTests(TestCase):
    def test_one_member_is_laid_out_as_the_format_prescribes(self) -> None:
        shelf = Shelf([b"hi"])
        planned = plan(shelf.members(["é.jpg"]))

        archive = whole(planned, shelf)

        shared = "0008 0000 cc73 675d ac2a93d8 02000000 02000000 0600 0000"
        name = "c3a92e6a7067"
        self.assertEqual(
            archive.hex(),
            (
                f"504b0304 1400 {shared} {name} 6869"
                f"504b0102 1403 1400 {shared} 0000 0000 0000 0000a481 00000000 {name}"
                "504b0506 0000 0000 0100 0100 34000000 26000000 0000"
            ).replace(" ", ""),
        )

    def test_no_members_give_an_empty_archive(self) -> None:
        planned = plan([])

        archive = whole(planned, Shelf([]))

        self.assertEqual(planned.total_size, END_RECORD)
        self.assertEqual(zipfile.ZipFile(io.BytesIO(archive)).namelist(), [])

    def test_the_bytes_stay_the_same_until_the_layout_version_is_raised(self) -> None:
        shelf = Shelf([bytes([number]) * number for number in range(40)])
        planned = plan(shelf.members([f"Akad/DSC_{number:04}.jpg" for number in range(40)]))

        archive = whole(planned, shelf)

        self.assertEqual(
            (hashlib.sha256(archive).hexdigest(), planned.digest),
            (
                "2ea5583c2a421b604ca8c5d46ff0f59573002fcda1fab6961c84c8cfa12e3233",
                "3149ccdefca9db285fd7b33a38219d6fd55eb3b5f58cef25b279a6c90452b895",
            ),
        )

    @given(FILES)
    @settings(deadline=None)
    def test_zipfile_reads_what_was_planned(
        self, files: list[tuple[tuple[str, str], bytes]]
    ) -> None:
        contents = [data for _, data in files]
        shelf = Shelf(contents)
        names = unique_names(name for name, _ in files)
        planned = plan(shelf.members(names))

        archive = whole(planned, shelf)

        self.assertEqual(len(archive), planned.total_size)
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            self.assertIsNone(opened.testzip())
            self.assertEqual(opened.namelist(), names)
            self.assertEqual([opened.read(name) for name in names], contents)

    def test_members_are_plain_files_that_everybody_may_read(self) -> None:
        shelf = Shelf([b"x"])

        archive = whole(plan(shelf.members(["Akad/a.jpg"])), shelf)

        info = zipfile.ZipFile(io.BytesIO(archive)).getinfo("Akad/a.jpg")
        self.assertEqual(stat.filemode(info.external_attr >> 16), "-rw-r--r--")
        self.assertEqual((info.compress_type, info.flag_bits), (zipfile.ZIP_STORED, 0x800))

    def test_times_are_the_wall_clock_in_steps_of_two_seconds(self) -> None:
        makassar = timezone(timedelta(hours=8))
        expected = {
            datetime(2026, 11, 7, 14, 30, 25, tzinfo=makassar): (2026, 11, 7, 14, 30, 24),
            datetime(2024, 2, 29, 23, 59, 59): (2024, 2, 29, 23, 59, 58),
            datetime(1980, 1, 1): (1980, 1, 1, 0, 0, 0),
            datetime(1979, 12, 31, 23): (1980, 1, 1, 0, 0, 0),
            datetime(1970, 6, 1, 12): (1980, 1, 1, 0, 0, 0),
            datetime(2107, 12, 31, 23, 59, 59): (2107, 12, 31, 23, 59, 58),
            datetime(2108, 1, 1): (2107, 12, 31, 23, 59, 58),
        }

        for modified, shown in expected.items():
            with self.subTest(modified=modified):
                shelf = Shelf([b""])
                archive = whole(plan(shelf.members(["a.jpg"], modified=modified)), shelf)
                (info,) = zipfile.ZipFile(io.BytesIO(archive)).infolist()
                self.assertEqual(info.date_time, shown)

    def test_impossible_members_are_refused(self) -> None:
        good = Member("a.jpg", 1, 1, AFTERNOON, "a")
        refused = {
            "no name": [replace(good, name="")],
            "name too long": [replace(good, name="a" * 65_536)],
            "lone surrogate": [replace(good, name="\ud800.jpg")],
            "name twice": [good, replace(good, source="b")],
            "negative size": [replace(good, size=-1)],
            "negative checksum": [replace(good, crc32=-1)],
            "checksum too large": [replace(good, crc32=1 << 32)],
        }

        for case, members in refused.items():
            with self.subTest(case), self.assertRaises(ValueError):
                plan(members)


class DigestTests(TestCase):
    def test_equal_members_share_a_digest(self) -> None:
        members = Shelf([b"a", b"b"]).members(["a.jpg", "b.jpg"])

        self.assertEqual(plan(members).digest, plan(list(members)).digest)

    def test_whatever_changes_the_archive_changes_the_digest(self) -> None:
        first, second = Shelf([b"a", b"b"]).members(["a.jpg", "b.jpg"])
        archives = [
            [first, second],
            [second, first],
            [first],
            [],
            [replace(first, name="c.jpg"), second],
            [replace(first, size=2), second],
            [replace(first, crc32=5), second],
            [replace(first, modified=AFTERNOON + timedelta(seconds=2)), second],
            [replace(first, modified=AFTERNOON - timedelta(days=1)), second],
            [replace(first, source="elsewhere"), second],
            [replace(first, name="a.jpgo", source="riginals/0"), second],
        ]

        digests = [plan(members).digest for members in archives]

        self.assertEqual(len(set(digests)), len(archives))

    def test_a_moment_that_the_archive_does_not_show_changes_nothing(self) -> None:
        (member,) = Shelf([b"a"]).members(["a.jpg"])
        later = replace(member, modified=AFTERNOON + timedelta(seconds=1, microseconds=7))

        self.assertEqual(plan([member]).digest, plan([later]).digest)


class SegmentsTests(TestCase):
    def setUp(self) -> None:
        self.shelf = Shelf([b"12345", b"", b"678"])
        self.plan = plan(self.shelf.members(["a.jpg", "empty.jpg", "c.jpg"]))
        self.first_content = LOCAL_HEADER + len("a.jpg")

    def test_content_is_named_and_structure_is_given(self) -> None:
        segments = list(self.plan.segments(0, self.plan.total_size))

        slices = [segment for segment in segments if isinstance(segment, Slice)]
        literals = [len(segment) for segment in segments if isinstance(segment, bytes)]
        directory = 3 * DIRECTORY_ENTRY + len("a.jpgempty.jpgc.jpg")
        self.assertEqual(slices, [Slice("originals/0", 0, 5, 0), Slice("originals/2", 0, 3, 2)])
        self.assertEqual(literals, [35, 39, 35, directory, END_RECORD])

    def test_a_range_inside_one_file_is_one_slice(self) -> None:
        start = self.first_content + 1

        segments = list(self.plan.segments(start, start + 3))

        self.assertEqual(segments, [Slice("originals/0", 1, 3, 0)])

    def test_an_empty_range_has_no_segments(self) -> None:
        total = self.plan.total_size

        segments = [list(self.plan.segments(at, at)) for at in range(total + 1)]

        self.assertEqual(segments, [[]] * (total + 1))

    def test_no_segment_is_ever_empty(self) -> None:
        total = self.plan.total_size

        empty = [
            (start, stop)
            for start in range(total)
            for stop in range(start + 1, total + 1)
            for segment in self.plan.segments(start, stop)
            if (segment.length if isinstance(segment, Slice) else len(segment)) == 0
        ]

        self.assertEqual(empty, [])

    def test_a_range_outside_the_archive_is_refused_at_once(self) -> None:
        total = self.plan.total_size

        for start, stop in [(-1, 5), (0, total + 1), (5, 4), (total + 1, total + 1)]:
            with self.subTest(start=start, stop=stop), self.assertRaises(ValueError):
                self.plan.segments(start, stop)


class ReadRangeTests(TestCase):
    @given(FILES, st.data())
    @settings(deadline=None)
    def test_every_range_is_a_slice_of_the_whole(
        self, files: list[tuple[tuple[str, str], bytes]], data: st.DataObject
    ) -> None:
        shelf = Shelf([content for _, content in files])
        planned = plan(shelf.members(unique_names(name for name, _ in files)))
        archive = whole(planned, shelf)
        stop = data.draw(st.integers(0, planned.total_size), label="stop")
        start = data.draw(st.integers(0, stop), label="start")

        part = b"".join(read_range(planned, start, stop, shelf.open))

        self.assertEqual(part, archive[start:stop])

    def test_a_download_broken_at_any_byte_goes_on_to_the_same_archive(self) -> None:
        shelf = Shelf([b"12345", b"", b"678"])
        planned = plan(shelf.members(["a.jpg", "Akad/b.jpg", "c.jpg"]))
        total = planned.total_size

        joined = {
            b"".join(read_range(planned, 0, broken, shelf.open))
            + b"".join(read_range(planned, broken, total, shelf.open))
            for broken in range(total + 1)
        }

        self.assertEqual(joined, {whole(planned, shelf)})

    def test_ranges_of_a_directory_of_several_blocks_fit_together(self) -> None:
        shelf = Shelf([b""] * 1_000)
        planned = plan(shelf.members([f"{number}.jpg" for number in range(1_000)]))
        archive = whole(planned, shelf)
        directory = planned.header_offsets[-1]
        steps = range(directory - 50, planned.total_size, 997)

        parts = [
            b"".join(read_range(planned, at, min(at + 997, planned.total_size), shelf.open))
            for at in steps
        ]

        self.assertEqual(b"".join(parts), archive[directory - 50 :])

    def test_only_the_files_of_the_range_are_opened(self) -> None:
        shelf = Shelf([b"x" * 100] * 50)
        planned = plan(shelf.members([f"{number:02}.jpg" for number in range(50)]))
        begin = planned.header_offsets[20] - 10

        list(read_range(planned, begin, planned.header_offsets[21] + 50, shelf.open))

        self.assertEqual(
            shelf.opened,
            [("originals/19", 90, 10), ("originals/20", 0, 100), ("originals/21", 0, 14)],
        )

    def test_a_cut_file_breaks_the_answer_off_before_anything_shifts(self) -> None:
        shelf = Shelf([b"1" * 20, b"2" * 20])
        planned = plan(shelf.members(["a.jpg", "b.jpg"]))
        archive = whole(planned, shelf)
        shelf.contents["originals/0"] = b"1" * 19
        received: list[bytes] = []

        with self.assertRaisesRegex(MemberChanged, "originals/0 lacks 1 of 20 bytes"):
            received.extend(read_range(planned, 0, planned.total_size, shelf.open))

        self.assertEqual(b"".join(received), archive[: LOCAL_HEADER + len("a.jpg") + 19])

    def test_an_emptied_file_breaks_the_answer_off(self) -> None:
        shelf = Shelf([b"1" * 20])
        planned = plan(shelf.members(["a.jpg"]))
        shelf.contents["originals/0"] = b""

        with self.assertRaises(MemberChanged):
            whole(planned, shelf)

    def test_a_file_that_gives_too_much_breaks_the_answer_off(self) -> None:
        shelf = Shelf([b"1" * 20])
        planned = plan(shelf.members(["a.jpg"]))
        received: list[bytes] = []

        with self.assertRaisesRegex(MemberChanged, "originals/0 gives more than 20 bytes"):
            received.extend(
                read_range(planned, 0, planned.total_size, lambda *_: iter([b"1" * 20, b"1"]))
            )

        self.assertEqual(len(b"".join(received)), LOCAL_HEADER + len("a.jpg") + 20)

    def test_any_iterator_of_chunks_will_do(self) -> None:
        shelf = Shelf([b"12"])
        planned = plan(shelf.members(["a.jpg"]))

        archive = b"".join(
            read_range(planned, 0, planned.total_size, lambda *_: iter([b"1", b"", b"2"]))
        )

        self.assertEqual(archive, whole(planned, shelf))

    def test_a_file_is_closed_when_the_reader_leaves_early(self) -> None:
        planned = plan(Shelf([b"1" * 20]).members(["a.jpg"]))
        events: list[str] = []

        def chunks() -> Iterator[bytes]:
            events.append("opened")
            try:
                yield b"1"
                yield b"1"
            finally:
                events.append("closed")

        # Kept alive here, so that only being closed can end it.
        file = chunks()
        reader = read_range(planned, 0, planned.total_size, lambda *_: file)
        next(reader)
        next(reader)
        reader.close()  # type: ignore[attr-defined]  # read_range is a generator

        self.assertEqual(events, ["opened", "closed"])


class Zip64Tests(TestCase):
    def test_sizes_at_the_limit_stand_in_both_headers(self) -> None:
        sizes = [ZIP64_SIZE - 1, ZIP64_SIZE, ZIP64_SIZE + 1, 0]
        members = [large_member(f"{number}.jpg", size) for number, size in enumerate(sizes)]
        planned = plan(members)
        name_length = len("0.jpg")

        local_extras = [
            following - begin - LOCAL_HEADER - name_length - size
            for begin, following, size in zip(
                planned.header_offsets, planned.header_offsets[1:], sizes, strict=False
            )
        ]
        entry_extras = [
            following - begin - DIRECTORY_ENTRY - name_length
            for begin, following in zip(
                planned.entry_offsets, planned.entry_offsets[1:], strict=False
            )
        ]

        self.assertEqual(local_extras, [0, 20, 20, 0])
        self.assertEqual(entry_extras, [0, 28, 28, 12])

    def test_a_local_header_carries_both_sizes_in_its_extra_field(self) -> None:
        planned = plan([large_member("a.jpg", ZIP64_SIZE)])

        header = next(planned.segments(0, planned.header_offsets[-1]))

        assert isinstance(header, bytes)
        self.assertEqual(unpack_from("<H", header, 4), (45,))
        self.assertEqual(unpack_from("<2L2H", header, 18), (ZIP64_SIZE, ZIP64_SIZE, 5, 20))
        self.assertEqual(unpack_from("<2H2Q", header, 35), (1, 16, ZIP64_SIZE, ZIP64_SIZE))

    def test_an_offset_at_the_limit_needs_a_field_of_its_own(self) -> None:
        for excess, extra in [(-1, 0), (0, 12)]:
            with self.subTest(excess=excess):
                padding = ZIP64_SIZE + excess - LOCAL_HEADER - len("a.jpg")
                planned = plan([large_member("a.jpg", padding), large_member("b.jpg", 0)])

                second_entry = planned.entry_offsets[2] - planned.entry_offsets[1]

                self.assertEqual(planned.header_offsets[1], ZIP64_SIZE + excess)
                self.assertEqual(second_entry, DIRECTORY_ENTRY + len("b.jpg") + extra)

    def test_a_directory_at_the_limit_needs_the_large_end_record(self) -> None:
        for excess, end_length in [(-1, END_RECORD), (0, 56 + 20 + END_RECORD)]:
            with self.subTest(excess=excess):
                padding = ZIP64_SIZE + excess - LOCAL_HEADER - len("a.jpg")
                planned = plan([large_member("a.jpg", padding)])

                end = planned.total_size - planned.entry_offsets[-1]

                self.assertEqual(end, end_length)

    def test_zipfile_finds_its_way_past_four_gibibytes(self) -> None:
        last = b"the last dance"
        members = [
            large_member("just below.jpg", ZIP64_SIZE - 1),
            large_member("just at.jpg", ZIP64_SIZE),
            large_member("huge.jpg", 1 << 40),
            Member("Resepsi/last.jpg", len(last), crc32(last), AFTERNOON, "small/last"),
        ]
        planned = plan(members)

        with zipfile.ZipFile(SparseArchive(planned, {"small/last": last})) as opened:
            found = [(info.filename, info.file_size) for info in opened.infolist()]
            offsets = [info.header_offset for info in opened.infolist()]
            beginnings = [opened.open(member.name).read(14) for member in members[:3]]
            content = opened.read("Resepsi/last.jpg")

        self.assertEqual(found, [(member.name, member.size) for member in members])
        self.assertEqual(offsets, list(planned.header_offsets[:-1]))
        self.assertEqual(beginnings, [bytes(14)] * 3)
        self.assertEqual(content, last)

    def test_unzip_and_7z_find_their_way_past_four_gibibytes(self) -> None:
        # One byte more than the limit: of whatever writer, unzip 6.00 calls an archive corrupt
        # when the true size of a file before is the very number that means "see the extra field".
        last = b"the last dance"
        members = [
            large_member("just above.jpg", ZIP64_SIZE + 1),
            Member("Resepsi/last.jpg", len(last), crc32(last), AFTERNOON, "small/last"),
        ]
        planned = plan(members)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "sparse.zip"
            write_sparse(path, planned, {"small/last": last})

            by_unzip = run_tool("unzip", "-p", str(path), "Resepsi/last.jpg")
            by_7z = run_tool("7z", "e", "-so", str(path), "Resepsi/last.jpg")
            listed = run_tool("7z", "l", "-slt", str(path))

        self.assertEqual((by_unzip, by_7z), (last.decode(), last.decode()))
        self.assertEqual(listed.count(f"\nSize = {ZIP64_SIZE + 1}\n"), 1)

    def test_the_count_at_the_limit_is_read_by_every_tool(self) -> None:
        for count in [ZIP64_COUNT - 1, ZIP64_COUNT]:
            with self.subTest(count=count), tempfile.TemporaryDirectory() as folder:
                members = [large_member(f"{number}.jpg", 0) for number in range(count)]
                planned = plan(members)
                path = Path(folder) / "many.zip"
                write_sparse(path, planned, {})

                with zipfile.ZipFile(path) as opened:
                    names = opened.namelist()
                listed = run_tool("unzip", "-Z", "-1", str(path)).splitlines()
                tested = run_tool("7z", "t", str(path))

                large_end = 56 + 20 if count == ZIP64_COUNT else 0
                end = planned.total_size - planned.entry_offsets[-1]
                self.assertEqual(end, END_RECORD + large_end)
                self.assertEqual(names, [member.name for member in members])
                self.assertEqual(listed, names)
                self.assertIn(f"Files: {count}\n", tested)


class ForeignReaderTests(TestCase):
    """A wedding of a few hundred files, read by the programs that guests have."""

    names: ClassVar[list[str]]
    contents: ClassVar[list[bytes]]
    folder: ClassVar[Path]
    archive: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        dice = random.Random(20261107)
        wanted = [("Resepsi", f"DSC_{number:04}.JPG") for number in range(250)]
        wanted += [("Akad / Nikah", "DSC_0001.JPG")] * 40 + [("", "dsc_0001.jpg")] * 10
        wanted += [
            ("結婚式", "花嫁 👰🏽\u200d♀️.jpg"),
            ("חתונה", "תמונה.jpg"),
            ("Café", "naïve ñ.heic"),
            ("Café", "../../\u202egpj.exe"),
            ("", "CON.jpg"),
            ("", "a" * 300 + ".jpg"),
            ("", "a" * 300 + ".jpg"),
            ("", "婚" * 300 + ".jpg"),
            ("", "empty.jpg"),
        ]
        cls.names = unique_names(wanted)
        cls.contents = [dice.randbytes(dice.randrange(1, 3_000)) for _ in wanted]
        cls.contents[-1] = b""
        shelf = Shelf(cls.contents, chunk_size=1_024)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.archive = cls.folder / "wedding.zip"
        cls.archive.write_bytes(whole(plan(shelf.members(cls.names)), shelf))

    def assert_extracted(self, folder: Path) -> None:
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        self.assertEqual(files, dict(zip(self.names, self.contents, strict=True)))

    def test_zipfile_finds_no_fault(self) -> None:
        with zipfile.ZipFile(self.archive) as opened:
            self.assertIsNone(opened.testzip())
            self.assertEqual(opened.namelist(), self.names)

    def test_unzip_finds_no_fault(self) -> None:
        output = run_tool("unzip", "-t", str(self.archive))

        self.assertIn("No errors detected in compressed data", output)

    def test_7z_finds_no_fault(self) -> None:
        output = run_tool("7z", "t", str(self.archive))

        self.assertIn("Everything is Ok", output)
        self.assertNotIn("WARNING", output.upper())

    def test_unzip_takes_every_file_out_under_its_name(self) -> None:
        run_tool("unzip", "-q", str(self.archive), "-d", str(self.folder / "unzip"))

        self.assert_extracted(self.folder / "unzip")

    def test_7z_takes_every_file_out_under_its_name(self) -> None:
        run_tool("7z", "x", str(self.archive), f"-o{self.folder / '7z'}")

        self.assert_extracted(self.folder / "7z")


class UniqueNamesTests(TestCase):
    def test_folders_and_files_are_cleaned_and_joined(self) -> None:
        wanted = [("Akad / Nikah", "../a.jpg"), ("", "b\0.jpg"), ("\u202e", "c.jpg"), ("x", "..")]

        names = unique_names(wanted)

        self.assertEqual(names, ["Akad_Nikah/a.jpg", "b.jpg", "chapter/c.jpg", "x/photo"])

    def test_equal_names_are_numbered_in_order(self) -> None:
        names = unique_names(
            [("Akad", "a.jpg"), ("Akad", "A.JPG"), ("", "a.jpg"), ("Akad", "a.jpg")]
        )

        self.assertEqual(names, ["Akad/a.jpg", "Akad/A (2).JPG", "a.jpg", "Akad/a (3).jpg"])

    def test_a_number_that_is_taken_is_passed_over(self) -> None:
        names = unique_names([("", "a (2).jpg"), ("", "a.jpg"), ("", "a.jpg"), ("", "a (2).jpg")])

        self.assertEqual(names, ["a (2).jpg", "a.jpg", "a (3).jpg", "a (2) (2).jpg"])

    def test_folders_that_differ_in_case_count_as_one(self) -> None:
        names = unique_names([("Akad", "a.jpg"), ("akad", "a.jpg")])

        self.assertEqual(names, ["Akad/a.jpg", "akad/a (2).jpg"])

    def test_no_file_takes_the_name_of_a_folder(self) -> None:
        names = unique_names([("", "akad"), ("Akad", "a.jpg")])

        self.assertEqual(names, ["akad (2)", "Akad/a.jpg"])

    def test_long_equal_names_keep_their_limit_and_extension(self) -> None:
        names = unique_names([("", "a" * 300 + ".jpg")] * 2)

        self.assertEqual(names, ["a" * 116 + ".jpg", "a" * 112 + " (2).jpg"])

    @given(st.lists(NAMES, max_size=30))
    @settings(deadline=None)
    def test_names_are_unique_on_every_disk_and_the_same_each_time(
        self, wanted: list[tuple[str, str]]
    ) -> None:
        names = unique_names(wanted)

        self.assertEqual(len({name.casefold() for name in names}), len(wanted))
        self.assertEqual(unique_names(iter(wanted)), names)
