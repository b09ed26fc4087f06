from __future__ import annotations

import io
import struct
import zlib
from unittest import TestCase
from unittest.mock import patch

from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from gallery.imaging.headers import (
    HeaderProblem,
    ImageHeader,
    IncompleteFile,
    TooManyPixels,
    UnsupportedFormat,
    check_limits,
    read_header,
)
from tests import images

# x265 codes no smaller picture as it is; it pads and crops.
SIZE = (128, 96)
HEIC = images.heic(SIZE)
PIXEL_BYTES = 500
WHOLE = {
    "jpeg": images.jpeg(exif=images.exif_camera()),
    "png": images.png(),
    "webp": images.webp(),
    "heic": HEIC,
}


def header_of(data: bytes) -> ImageHeader:
    return read_header(io.BytesIO(data))


def segment(marker: int, payload: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def box(kind: bytes, *parts: bytes) -> bytes:
    payload = b"".join(parts)
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def chunk(kind: bytes, payload: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + payload))
    return struct.pack(">I", len(payload)) + kind + payload + checksum


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    parts = [
        kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for kind, data in chunks
    ]
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def heif(*, is_wide: bool, is_inline: bool = False) -> bytes:
    """Assemble a HEIF of one picture, with the wide or the narrow layout of every table.

    An inline picture, which only the wide layout knows, stands among the tables.
    """
    version = bytes([2 if is_wide else 0, 0, 0, 0])
    one, picture = (struct.pack(">I" if is_wide else ">H", number) for number in (1, 7))
    entry = box(b"infe", bytes([3 if is_wide else 2, 0, 0, 0]), picture, b"\0\0hvc1\0")
    size = box(b"ispe", bytes(4), struct.pack(">II", *SIZE))
    links = bytes([is_wide, 0, 0, is_wide, 0, 0, 0, 1]) + picture
    links += b"\1\x80\2" if is_wide else b"\1\x82"
    method = bytes([0, is_inline]) if is_wide else b""

    def meta(start: int) -> bytes:
        item = picture + method + bytes(2) + struct.pack(">HII", 1, start, PIXEL_BYTES)
        return box(
            b"meta",
            bytes(4),
            box(b"pitm", version, picture),
            box(b"iinf", version, one, entry),
            box(b"iprp", box(b"ipco", box(b"free"), size), box(b"ipma", links)),
            box(b"idat", bytes(PIXEL_BYTES)),
            box(b"iloc", version, b"\x44\0", one, item),
        )

    brands = box(b"ftyp", b"heic", bytes(4), b"mif1")
    if is_inline:
        return brands + meta(0)
    behind = len(brands) + len(meta(0)) + 16
    length = struct.pack(">I4sQ", 1, b"mdat", 16 + PIXEL_BYTES)
    return brands + meta(behind) + length + bytes(PIXEL_BYTES)


class CountingFile(io.BytesIO):
    """Counts the bytes that are read from it."""

    read_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.read_bytes += len(data)
        return data


class HeaderTestCase(TestCase):
    def assert_refused(self, problem: type[HeaderProblem], files: dict[str, bytes]) -> None:
        for name, data in files.items():
            with self.subTest(name), self.assertRaises(problem):
                header_of(data)


class AcceptedPhotoTests(HeaderTestCase):
    def assert_accepted(self, image_format: str, files: dict[str, bytes]) -> None:
        for name, data in files.items():
            with self.subTest(name):
                header = header_of(data)

                size = (header.width, header.height)
                self.assertEqual((header.format, size), (image_format, SIZE))

    def test_jpegs_of_all_sorts_are_read(self) -> None:
        self.assert_accepted(
            "JPEG",
            {
                "plain": images.jpeg(SIZE),
                "progressive": images.jpeg(SIZE, progressive=True),
                "grey": images.jpeg(SIZE, mode="L", color=90),
                "CMYK": images.jpeg(SIZE, mode="CMYK", color=(0, 90, 90, 0)),
                "with all metadata": images.jpeg(
                    SIZE,
                    exif=images.exif_camera(),
                    icc=images.srgb_icc(),
                    comment=b"x",
                    xmp=b"<x/>",
                ),
                "MPO": images.mpo(size=SIZE),
            },
        )

    def test_pngs_of_all_sorts_are_read(self) -> None:
        self.assert_accepted(
            "PNG",
            {
                "plain": images.png(SIZE),
                "alpha": images.png(SIZE, mode="RGBA"),
                "palette": images.palette_png(SIZE),
                "one bit": images.bilevel_png(SIZE),
                "16-bit grey": images.grey16_png(size=SIZE),
                "16-bit colour": images.rgb16_png(size=SIZE),
                "with metadata": images.png(SIZE, exif=images.exif_camera(), icc=images.srgb_icc()),
            },
        )

    def test_webps_of_all_sorts_are_read(self) -> None:
        self.assert_accepted(
            "WEBP",
            {
                "lossless": images.webp(SIZE),
                "lossy": images.encoded(images.picture(SIZE), "WEBP"),
                "alpha": images.encoded(
                    images.picture(SIZE, mode="RGBA", color=(9, 9, 9, 9)), "WEBP", exact=True
                ),
                "with metadata": images.webp(
                    SIZE, exif=images.exif_camera(), icc=images.srgb_icc()
                ),
                "animated": images.animated_webp(size=SIZE),
            },
        )

    def test_heics_of_all_sorts_are_read(self) -> None:
        two_pictures = io.BytesIO()
        images.picture((64, 64)).save(
            two_pictures,
            "HEIF",
            save_all=True,
            append_images=[images.picture(SIZE)],
            primary_index=1,
        )

        self.assert_accepted(
            "HEIF",
            {
                "plain": HEIC,
                "with metadata": images.heic(SIZE, exif=images.exif_camera()),
                "generic brand": HEIC.replace(b"ftypheic", b"ftypmif1", 1),
                "second of two": two_pictures.getvalue(),
            },
        )

    def test_heifs_are_read_whatever_the_layout_of_their_tables(self) -> None:
        self.assert_accepted(
            "HEIF",
            {
                "narrow": heif(is_wide=False),
                "wide": heif(is_wide=True),
                "inline": heif(is_wide=True, is_inline=True),
                "padded": heif(is_wide=False) + bytes(100),
            },
        )

    def test_type_and_extension_come_from_the_bytes(self) -> None:
        headers = [header_of(data) for data in WHOLE.values()]

        self.assertEqual(
            [(header.mime_type, header.extension) for header in headers],
            [
                ("image/jpeg", ".jpg"),
                ("image/png", ".png"),
                ("image/webp", ".webp"),
                ("image/heic", ".heic"),
            ],
        )

    def test_the_size_is_that_of_the_stored_pixels(self) -> None:
        lying = header_of(images.oriented_jpeg(6, SIZE))

        self.assertEqual((lying.width, lying.height), (96, 128))

    def test_the_file_is_left_at_its_beginning(self) -> None:
        good, bad = io.BytesIO(WHOLE["jpeg"]), io.BytesIO(images.truncated_jpeg())

        read_header(good)
        with self.assertRaises(IncompleteFile):
            read_header(bad)

        self.assertEqual((good.tell(), bad.tell()), (0, 0))

    def test_the_pixels_of_a_large_file_are_not_read(self) -> None:
        jpeg, png = images.jpeg(SIZE), images.png(SIZE)
        padding = bytes(5_000_000)
        scan_at = (
            jpeg.index(b"\xff\xda")
            + 2
            + struct.unpack_from(">H", jpeg, jpeg.index(b"\xff\xda") + 2)[0]
        )
        large_files = [
            CountingFile(jpeg[:scan_at] + padding + jpeg[scan_at:]),
            CountingFile(png[:33] + chunk(b"IDAT", padding) + png[33:]),
        ]

        for file in large_files:
            read_header(file)

        self.assertEqual([file.read_bytes < 100_000 for file in large_files], [True, True])


class OddJpegTests(HeaderTestCase):
    def assert_accepted(self, data: bytes) -> None:
        header = header_of(data)

        self.assertEqual((header.width, header.height), SIZE)

    def test_padding_behind_the_end_mark_is_accepted(self) -> None:
        self.assert_accepted(images.jpeg(SIZE) + bytes(1_000))

    def test_a_long_video_behind_the_end_mark_is_accepted(self) -> None:
        video = box(b"ftyp", b"mp42") + box(b"mdat", bytes(3_000_000))

        self.assert_accepted(images.jpeg(SIZE) + video)

    def test_an_mpo_cut_in_its_second_picture_is_accepted(self) -> None:
        self.assert_accepted(images.mpo(size=SIZE)[:-100])

    def test_junk_and_fill_bytes_between_segments_are_passed_over(self) -> None:
        jpeg = images.jpeg(SIZE)
        junk = b"\0\0junk\xff\0" + bytes(2_000) + b"\xff\xff\xff"

        self.assert_accepted(jpeg[:2] + segment(0xE5, b"") + junk + jpeg[2:])

    def test_the_thumbnail_in_the_exif_is_not_the_picture(self) -> None:
        jpeg = images.jpeg(SIZE)
        thumbnail = images.jpeg((16, 16))

        self.assert_accepted(jpeg[:2] + segment(0xE1, b"Exif\0\0" + thumbnail) + jpeg[2:])


class RefusedKindTests(HeaderTestCase):
    def test_files_of_other_kinds_are_unsupported(self) -> None:
        self.assert_refused(
            UnsupportedFormat,
            {
                "empty": b"",
                "one byte": b"\xff",
                "text": b"Budi & Ani",
                "HTML": images.html(),
                "SVG": images.svg(),
                "PDF": b"%PDF-1.7\n" + bytes(100),
                "GIF": images.gif(),
                "TIFF": images.encoded(images.picture(), "TIFF"),
                "BMP": images.encoded(images.picture(), "BMP"),
                "AVIF": images.encoded(images.picture(), "AVIF"),
                "video": box(b"ftyp", b"mp42", bytes(4), b"isom") + box(b"moov"),
                "sound": riff((b"fmt ", bytes(16))).replace(b"WEBP", b"WAVE"),
            },
        )

    def test_a_container_without_a_picture_is_unsupported(self) -> None:
        brands = box(b"ftyp", b"heic", bytes(4), b"mif1")
        end = b"\xff\xd9"

        self.assert_refused(
            UnsupportedFormat,
            {
                "JPEG of an end only": b"\xff\xd8\xff\xe0\0\2" + end,
                "JPEG without a frame": b"\xff\xd8" + segment(0xDA, bytes(6)) + end,
                "PNG for iPhones": images.png()[:8] + chunk(b"CgBI", bytes(4)) + images.png()[8:],
                "WebP of metadata": riff((b"EXIF", bytes(20))),
                "WebP of no key frame": riff((b"VP8 ", bytes(20))),
                "HEIF without items": brands + box(b"mdat", bytes(8)),
                "HEIF of empty tables": brands + box(b"meta", bytes(4)),
                "HEIF of AV1": HEIC.replace(b"hvc1", b"av01"),
                "HEIF of AV1 tiles": HEIC.replace(b"hvc1", b"grid"),
                "HEIF of a text": HEIC.replace(b"hvc1", b"mime"),
                "HEIF of an old draft": heif(is_wide=False).replace(b"infe\2", b"infe\1"),
                "HEIF without a size": HEIC.replace(b"ispe", b"free"),
            },
        )

    def test_a_picture_without_a_size_is_unsupported(self) -> None:
        jpeg = images.jpeg()
        size_at = jpeg.index(b"\xff\xc0") + 5

        self.assert_refused(
            UnsupportedFormat,
            {
                "JPEG": jpeg[:size_at] + bytes(2) + jpeg[size_at + 2 :],
                "PNG": images.assembled_png((0, 48), 8, 0, b""),
                "HEIF": HEIC.replace(struct.pack(">II", *SIZE), struct.pack(">II", 128, 0)),
            },
        )

    def test_heif_tables_that_cannot_be_true_are_unsupported(self) -> None:
        places_at = HEIC.index(b"iloc") + 4
        count_at = places_at + 6
        endless_extents = b"\0\0\0\0" + b"\0\0" + b"\0\1" + b"\0\1" + b"\0\0" + b"\xff\xff"

        self.assert_refused(
            UnsupportedFormat,
            {
                "odd widths": HEIC[: places_at + 4] + b"\x55" + HEIC[places_at + 5 :],
                "too many items": HEIC[:count_at] + b"\xff\xff" + HEIC[count_at + 2 :],
                "many extents of nothing": HEIC[:places_at]
                + endless_extents
                + HEIC[places_at + 14 :],
                "a table of 300 KB": HEIC[:places_at].partition(b"meta")[0][:-4]
                + box(b"meta", bytes(4), box(b"iinf", bytes(6)), box(b"iloc", bytes(300_000))),
                "a box shorter than its head": heif(is_wide=False)[:20] + b"\0\0\0\3meta",
            },
        )


class IncompletePhotoTests(HeaderTestCase):
    def test_a_photo_cut_anywhere_is_refused(self) -> None:
        for name, data in WHOLE.items():
            for length in range(len(data)):
                with self.subTest(name, length=length), self.assertRaises(HeaderProblem):
                    header_of(data[:length])

    def test_a_photo_without_its_end_is_incomplete(self) -> None:
        self.assert_refused(
            IncompleteFile,
            {
                "JPEG": images.truncated_jpeg(),
                "JPEG without its end mark": images.jpeg()[:-2],
                "JPEG padded with zeros": images.truncated_jpeg() + bytes(100_000),
                "JPEG cut in its header": images.jpeg()[:100],
                "JPEG of endless junk": images.jpeg()[:2] + b"\xff" * 2_000_000 + images.jpeg()[2:],
                "PNG": images.cut(images.png()),
                "PNG of a signature": images.png()[:8],
                "PNG without its end": images.png()[:-12],
                "PNG without pixels": images.png()[:33] + chunk(b"IEND", b""),
                "WebP": images.cut(images.webp()),
                "WebP of a header": riff((b"VP8X", bytes(10))),
                "WebP of nothing": riff(),
                "WebP with a long chunk": riff((b"VP8X", bytes(10)), (b"VP8 ", bytes(10))).replace(
                    b"VP8 \x0a", b"VP8 \x0c"
                ),
                "HEIC": images.cut(HEIC),
                "HEIC without its pixels": HEIC[: HEIC.index(b"mdat") - 4],
                "HEIF whose boxes end before its pixels": heif(is_wide=False)[: -PIXEL_BYTES - 16]
                + box(b"mdat"),
                "HEIC with an open box": HEIC.replace(
                    HEIC[HEIC.index(b"mdat") - 4 :][:4], bytes(4)
                )[:-50],
            },
        )


class LimitTests(TestCase):
    def test_a_photo_at_the_limit_passes(self) -> None:
        check_limits(ImageHeader("JPEG", 12_000, 10_000), max_pixels=120_000_000)

        self.assertEqual(ImageHeader("JPEG", 12_000, 10_000).pixel_count, 120_000_000)

    def test_a_bomb_is_refused_by_its_header(self) -> None:
        bomb = header_of(images.png_bomb())

        with self.assertRaises(TooManyPixels):
            check_limits(bomb, max_pixels=120_000_000)

    def test_an_absurdly_long_side_is_refused(self) -> None:
        thread = header_of(images.assembled_png((70_000, 1), 1, 0, bytes(8_750)))

        with self.assertRaises(TooManyPixels):
            check_limits(thread, max_pixels=120_000_000)


class AnyBytesTests(TestCase):
    """Whatever arrives, the answer is a header or a HeaderProblem."""

    def read(self, data: bytes) -> None:
        try:
            header = header_of(data)
        except HeaderProblem:
            return
        self.assertGreater(min(header.width, header.height), 0)

    @given(
        start=st.sampled_from(
            [
                b"",
                b"\xff\xd8\xff",
                b"\x89PNG\r\n\x1a\n",
                b"RIFF\x20\0\0\0WEBP",
                b"\0\0\0\x14ftypheic",
            ]
        ),
        rest=st.binary(max_size=400),
    )
    @example(start=b"\0\0\0\1ftypheic", rest=b"\xff" * 40)
    def test_random_bytes_raise_nothing_else(self, start: bytes, rest: bytes) -> None:
        self.read(start + rest)

    @given(
        whole=st.sampled_from(list(WHOLE.values())),
        changes=st.lists(st.tuples(st.integers(0, 1_200), st.integers(0, 255)), max_size=8),
    )
    def test_changed_photos_raise_nothing_else(
        self, whole: bytes, changes: list[tuple[int, int]]
    ) -> None:
        data = bytearray(whole)
        for position, value in changes:
            data[position % len(data)] = value

        self.read(bytes(data))

    @patch("gallery.imaging.containers.CHUNK_LIMIT", 1_000)
    def test_endless_pieces_end_soon(self) -> None:
        brands = box(b"ftyp", b"heic", bytes(4), b"mif1")
        files = [
            CountingFile(b"\xff\xd8" + b"\xff\xe1\0\2" * 50_000),
            CountingFile(images.png()[:33] + chunk(b"IDAT", b"") * 50_000),
            CountingFile(riff((b"VP8X", bytes(10)), *[(b"ALPH", b"")] * 50_000)),
            CountingFile(brands + box(b"free") * 50_000),
        ]

        for file in files:
            with self.assertRaises(HeaderProblem):
                read_header(file)

        self.assertEqual([file.read_bytes < 5_000_000 for file in files], [True] * 4)


class RealDecoderTests(TestCase):
    def test_pillow_reads_the_same_sizes(self) -> None:
        files = [
            make(size)
            for size in [(1, 1), (17, 3), (300, 200), (1_000, 1)]
            for make in (images.jpeg, images.png, images.webp)
        ]
        files.append(images.heic((304, 200)))

        ours = [(header.width, header.height) for header in map(header_of, files)]

        self.assertEqual(ours, [Image.open(io.BytesIO(data)).size for data in files])
